/* html_style.h: the style sheet of the page, made for light and dark, wide and narrow windows.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_HTML_STYLE_H
#define CONVCL_BENCH_HTML_STYLE_H

#define HTML_STYLE                                                                                                                         \
    ":root{color-scheme:light dark;--ink:#1c1e21;--soft:#63676d;--rule:#dcdfe3;--card:#f5f6f8;--page:#fff}\n"                              \
    "@media(prefers-color-scheme:dark){:root{--ink:#e8e9eb;--soft:#a2a6ad;--rule:#3a3d43;--card:#23252a;--page:#17181b}}\n"                \
    "body{margin:0;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,sans-serif}\n"                                         \
    "main{max-width:74rem;margin:0 auto;padding:2rem 1.2rem 4rem}\n"                                                                       \
    "h1{font-size:1.7rem;margin:0}h2{font-size:1.2rem;margin:2.4rem 0 .3rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}\n"                    \
    "p{margin:.2rem 0 .8rem;color:var(--soft);max-width:58rem}footer{margin-top:3rem;border-top:1px solid "                                \
    "var(--rule);padding-top:.8rem}\n"                                                                                                     \
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"                               \
    "th{font-weight:600;color:var(--soft);text-align:left;font-size:.85rem}td,th{padding:.35rem .8rem .35rem 0;border-bottom:1px solid "   \
    "var(--rule);vertical-align:baseline}td.n,th.n{text-align:right;white-space:nowrap}\n"                                                 \
    ".letter{font-weight:600;white-space:nowrap}.letter i{display:inline-block;width:.75em;height:.75em;border-radius:2px;"                \
    "margin-right:.45em}\n"                                                                                                                \
    ".row{display:grid;grid-template-columns:minmax(5rem,20rem) minmax(4rem,1fr) minmax(9rem,21rem);gap:0 .9rem;align-items:center;"       \
    "min-height:1.65rem}\n"                                                                                                                \
    ".row .who{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.row .what{font-variant-numeric:tabular-nums;font-size:.9rem}\n"  \
    ".what small{color:var(--soft);font-size:.85rem}.group{margin:.2rem 0 .7rem}.group>b{font-weight:600;font-size:.95rem}\n"              \
    "svg{display:block}svg.bar,svg.ratio{width:100%;height:1.25rem}svg.steps{width:100%;height:auto}\n"                                    \
    "line.spread{stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}line.peak{stroke:var(--ink);stroke-width:2;"          \
    "vector-effect:non-scaling-stroke}line.one{stroke:var(--soft);stroke-dasharray:3 3;vector-effect:non-scaling-stroke}\n"                \
    "line.axis{stroke:var(--soft)}line.median{stroke:var(--ink);stroke-dasharray:4 3}svg text{font-size:11px;fill:var(--soft)}\n"          \
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr));gap:.9rem}.card{background:var(--card);"      \
    "border-radius:.5rem;padding:.7rem .9rem;min-width:0}.card .who{display:block;overflow:hidden;text-overflow:ellipsis;"                 \
    "white-space:nowrap}.card small{color:var(--soft);display:block;font-variant-numeric:tabular-nums}\n"                                  \
    ".faster,.slower,.same,.uncertain{font-weight:600}.faster{color:#2a8a3e}.slower{color:#d0452f}.same,.uncertain{color:var(--soft)}"     \
    ".uncertain{font-style:italic}\n"                                                                                                      \
    "@media(prefers-color-scheme:dark){.faster{color:#5cc973}.slower{color:#ff8a75}}\n"                                                    \
    ".facts{grid-template-columns:minmax(4rem,11rem) minmax(4rem,1fr) minmax(9rem,34rem)}\n"                                               \
    "@media(max-width:40rem){.row,.facts{grid-template-columns:minmax(0,1fr);margin-bottom:.5rem}}\n"

#endif
