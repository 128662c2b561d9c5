/* html_charts.c: the charts of the page.
 * SPDX-License-Identifier: MIT */
#include "html_charts.h"

#include <math.h>

const int html_colors[HTML_COLORS] = {0x4269d0, 0xff725c, 0x3ca951, 0xe0a010, 0xa463f2, 0x45b0a0, 0xf06ba8, 0x9c6b4e};

int html_color(const compare_set *set, const compare_side *side) {
    return html_colors[(side - set->sides) % HTML_COLORS];
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------------ */

/* Control characters but for line breaks are not allowed in HTML at all. */
void html_text(const char *text, FILE *file) {
    for (; text && *text; ++text)
        switch (*text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default:
            fputc((unsigned char)*text < 32 || *text == 127 ? ' ' : *text, file);
        }
}

/* Three significant digits without an exponent. */
static void print_digits(double value, FILE *file) {
    fprintf(file, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
}

void html_time(double seconds, FILE *file) {
    const double scale = seconds >= 9.995 ? 1 : seconds >= 0.999e-3 ? 1e3 : 1e6;
    print_digits(seconds * scale, file);
    fputs(scale < 2 ? "&nbsp;s" : scale < 1e4 ? "&nbsp;ms" : "&nbsp;&micro;s", file);
}

void html_swatch(const compare_set *set, const compare_side *side, FILE *file) {
    fprintf(file, "<span class=letter><i style=\"background:#%06x\"></i>%s</span>", html_color(set, side), side->letter);
}

/* ---- bars: 1000 units wide, stretched to the space there is ------------------------------------------------------------------------------ */

#define BAR_WIDTH  1000
#define BAR_HEIGHT 20

static void begin_bar(const char *kind, FILE *file) {
    fprintf(file, "<svg class=%s viewBox=\"0 0 %d %d\" preserveAspectRatio=none role=img>", kind, BAR_WIDTH, BAR_HEIGHT);
}

static void print_rect(double from, double to, double top, double height, const char *style, FILE *file) {
    fprintf(file, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" %s/>", from, top, to > from ? to - from : 0, height, style);
}

/* A line whose thickness stays when the chart is stretched. */
static void print_line(double x1, double y1, double x2, double y2, const char *kind, FILE *file) {
    fprintf(file, "<line class=%s x1=\"%.2f\" y1=\"%.1f\" x2=\"%.2f\" y2=\"%.1f\"/>", kind, x1, y1, x2, y2);
}

void html_phase_bar(const compare_phase *phase, int color, double most, FILE *file) {
    const compare_spread *spread = &phase->spread;
    const double scale = BAR_WIDTH / most;
    char style[32];
    snprintf(style, sizeof style, "fill=\"#%06x\"", color);
    begin_bar("bar", file);
    fprintf(file, "<title>median %.4g ms, 10%% of the steps below %.4g ms, 90%% below %.4g ms</title>", 1e3 * spread->median,
            1e3 * spread->p10, 1e3 * spread->p90);
    print_rect(0, spread->median * scale, 2, BAR_HEIGHT - 4, style, file);
    print_line(spread->p10 * scale, BAR_HEIGHT / 2.0, spread->p90 * scale, BAR_HEIGHT / 2.0, "spread", file);
    print_line(spread->p10 * scale, 6, spread->p10 * scale, BAR_HEIGHT - 6, "spread", file);
    print_line(spread->p90 * scale, 6, spread->p90 * scale, BAR_HEIGHT - 6, "spread", file);
    fputs("</svg>", file);
}

static double known(double value) {
    return isfinite(value) && value > 0 ? value : 0;
}

void html_layer_bar(const compare_layer *layer, int color, double most, FILE *file) {
    const double scale = BAR_WIDTH / most;
    const double part[] = {known(layer->pack), known(layer->gemm), known(layer->unpack)};
    static const char *const names[] = {"pack", "GEMM", "unpack"};
    static const double opacity[] = {0.55, 1, 0.75};
    char style[64];
    double at = 0;
    begin_bar("bar", file);
    fprintf(file, "<title>%.4g ms", 1e3 * layer->time);
    for (int i = 0; i < 3; ++i)
        if (part[i] > 0)
            fprintf(file, ", %s %.4g ms", names[i], 1e3 * part[i]);
    fputs("</title>", file);
    for (int i = 0; i < 3; ++i) {
        snprintf(style, sizeof style, "fill=\"#%06x\" fill-opacity=\"%.2f\"", color, opacity[i]);
        const double end = fmin(at + part[i], layer->time);
        if (part[i] > 0)
            print_rect(at * scale, end * scale, 2, BAR_HEIGHT - 4, style, file);
        at = end;
    }
    /* What is in no part: everything, where the parts are not known. */
    snprintf(style, sizeof style, "fill=\"#%06x\" fill-opacity=\"%.2f\"", color, at > 0 ? 0.3 : 1);
    print_rect(at * scale, layer->time * scale, 2, BAR_HEIGHT - 4, style, file);
    if (known(layer->roofline) > 0 && layer->roofline < most)
        print_line(layer->roofline * scale, 0, layer->roofline * scale, BAR_HEIGHT, "peak", file);
    fputs("</svg>", file);
}

void html_ratio_bar(const compare_ratio *ratio, int color, double reach, FILE *file) {
    const double half = BAR_WIDTH / 2.0, scale = half / log(reach);
    const double low = fmax(0, half + scale * log(ratio->low)), high = fmin(BAR_WIDTH, half + scale * log(ratio->high));
    const double at = half + scale * log(ratio->ratio);
    char style[64];
    begin_bar("ratio", file);
    fprintf(file, "<title>%.3f, 95%% interval %.3f to %.3f</title>", ratio->ratio, ratio->low, ratio->high);
    print_line(half, 0, half, BAR_HEIGHT, "one", file);
    snprintf(style, sizeof style, "fill=\"#%06x\" fill-opacity=\"0.35\"", color);
    print_rect(low, high, 6, BAR_HEIGHT - 12, style, file);
    snprintf(style, sizeof style, "fill=\"#%06x\"", color);
    print_rect(at - 3, at + 3, 2, BAR_HEIGHT - 4, style, file);
    fputs("</svg>", file);
}

/* ---- step times: drawn at their own size --------------------------------------------------------------------------------------------------- */

#define STEPS_WIDTH     320
#define STEPS_LEFT      6
#define STEPS_RIGHT     (STEPS_WIDTH - 6)
#define HISTOGRAM_BASE  78
#define HISTOGRAM_BINS  40
#define SEQUENCE_HEIGHT 44
#define SEQUENCE_POINTS 400

/* The axis: all steps but far outliers, which are shown at its ends, and never narrower than 2% of the median. */
static void find_range(const compare_spread *spread, double *from_out, double *to_out) {
    const double body = fmax(spread->p90 - spread->p10, 0.01 * spread->median);
    *from_out = fmax(spread->min, spread->p10 - 3 * body);
    *to_out = fmin(spread->max, spread->p90 + 3 * body);
    const double lacking = 0.02 * spread->median - (*to_out - *from_out);
    if (lacking > 0) {
        *from_out -= lacking / 2;
        *to_out += lacking / 2;
    }
}

static void print_axis(double from, double to, FILE *file) {
    fprintf(file, "<line class=axis x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", STEPS_LEFT, HISTOGRAM_BASE, STEPS_RIGHT, HISTOGRAM_BASE);
    static const char *const anchors[] = {"start", "middle", "end"};
    for (int i = 0; i < 3; ++i) {
        fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=%s>", STEPS_LEFT + i * (STEPS_RIGHT - STEPS_LEFT) / 2, HISTOGRAM_BASE + 16,
                anchors[i]);
        /* Four digits: the ends of a narrow axis differ in the third. */
        const double value = 1e3 * (from + i * (to - from) / 2);
        fprintf(file, value < 999.95 ? "%#.4g ms</text>" : "%.0f ms</text>", value);
    }
}

void html_histogram(const compare_phase *phase, int color, FILE *file) {
    int bins[HISTOGRAM_BINS] = {0}, most = 1;
    double from, to;
    find_range(&phase->spread, &from, &to);
    for (int i = 0; i < phase->count; ++i) {
        const double place = floor((phase->samples[i] - from) / (to - from) * HISTOGRAM_BINS);
        const int bin = place < 0 ? 0 : place >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1 : (int)place;
        ++bins[bin];
        most = bins[bin] > most ? bins[bin] : most;
    }
    const double width = (double)(STEPS_RIGHT - STEPS_LEFT) / HISTOGRAM_BINS;
    fprintf(file, "<svg class=steps viewBox=\"0 0 %d %d\" role=img><title>how often a step took which time</title>", STEPS_WIDTH,
            HISTOGRAM_BASE + 22);
    char style[32];
    snprintf(style, sizeof style, "fill=\"#%06x\"", color);
    for (int i = 0; i < HISTOGRAM_BINS; ++i)
        if (bins[i] > 0) {
            const double height = (HISTOGRAM_BASE - 8.0) * bins[i] / most;
            print_rect(STEPS_LEFT + i * width + 0.5, STEPS_LEFT + (i + 1) * width - 0.5, HISTOGRAM_BASE - height, height, style, file);
        }
    print_axis(from, to, file);
    const double median = STEPS_LEFT + (phase->spread.median - from) / (to - from) * (STEPS_RIGHT - STEPS_LEFT);
    print_line(median, 2, median, HISTOGRAM_BASE, "median", file);
    fputs("</svg>", file);
}

/* Long runs are shown by the largest time of each stretch: what disturbed a step must stay visible. */
void html_sequence(const compare_phase *phase, int color, FILE *file) {
    const int points = phase->count < SEQUENCE_POINTS ? phase->count : SEQUENCE_POINTS;
    double from, to;
    find_range(&phase->spread, &from, &to);
    fprintf(file, "<svg class=steps viewBox=\"0 0 %d %d\" role=img><title>the steps in order</title>", STEPS_WIDTH, SEQUENCE_HEIGHT);
    for (int i = 0; i + 1 < phase->runs; ++i) {
        const double x = STEPS_LEFT + (double)phase->run_ends[i] / phase->count * (STEPS_RIGHT - STEPS_LEFT);
        print_line(x, 0, x, SEQUENCE_HEIGHT, "one", file);
    }
    fprintf(file, "<polyline fill=none stroke=\"#%06x\" points=\"", color);
    for (int i = 0; i < points; ++i) {
        const int begin = (int)((double)i * phase->count / points), end = (int)((i + 1.0) * phase->count / points);
        double value = phase->samples[begin];
        for (int j = begin + 1; j < end; ++j)
            value = fmax(value, phase->samples[j]);
        const double share = fmin(1, fmax(0, (value - from) / (to - from)));
        fprintf(file, "%.1f,%.1f ", STEPS_LEFT + (i + 0.5) / points * (STEPS_RIGHT - STEPS_LEFT),
                SEQUENCE_HEIGHT - 4 - share * (SEQUENCE_HEIGHT - 8));
    }
    fputs("\"/></svg>", file);
}
