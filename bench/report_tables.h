/* report_tables.h: results as tables, for every format but JSON.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_REPORT_TABLES_H
#define CONVCL_BENCH_REPORT_TABLES_H

#include "results.h"
#include "table.h"

/* A row for each phase of each device. The table is the caller's to clear. */
void bench_tables_times(bench_table *table, const bench_results *results, int count);

/* A row for each layer and direction of a phase. The table is the caller's to clear. */
void bench_tables_layers(bench_table *table, const bench_phase *phase, const bench_ceilings *ceilings);

/* Prints devices beside each other: the phases, and the layers where they were measured, each against the first device. */
bench_status bench_tables_compare(const bench_results *results, int count);

/* The whole report of --format markdown, and of --format csv: one row for each phase, with an empty layer, and one for each of its layers. */
bench_status bench_tables_markdown(const bench_results *results, int count);
bench_status bench_tables_csv(const bench_results *results, int count);

#endif
