/* compare_plot.c: writes a script for gnuplot and runs it; what gnuplot draws comes through its standard output.
 * SPDX-License-Identifier: MIT */
#include "compare_plot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "html_charts.h"
#include "output_file.h"

extern char **environ;

#define WIDTH        1200
#define PANEL_HEIGHT 420
#define LEGEND_LINE  22
#define TITLE_HEIGHT 40

/* ---- gnuplot --------------------------------------------------------------------------------------------------------------------------- */

/* Runs gnuplot with the descriptors as standard input and output; returns 0, an errno, or -1 when it ended with a failure of its own. */
static int run_gnuplot(char *const *arguments, int input, int output) {
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int state = 0, error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!error)
        error = posix_spawnp(&child, "gnuplot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return error;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(state) && WEXITSTATUS(state) == 0 ? 0 : -1;
}

bench_status compare_plot_check(const char *path) {
    char name[] = "gnuplot", option[] = "--version";
    char *const arguments[] = {name, option, NULL};
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int error = nowhere >= 0 ? run_gnuplot(arguments, nowhere, nowhere) : errno;
    if (nowhere >= 0)
        close(nowhere);
    if (error) {
        bench_error("compare: --plot needs gnuplot, which cannot be run: %s (Debian's package is gnuplot-nox)",
                    error > 0 ? strerror(error) : "it failed");
        return BENCH_FAILED;
    }
    return bench_output_check("--plot", path);
}

/* ---- the script ------------------------------------------------------------------------------------------------------------------------ */

/* A string of gnuplot, where nothing but the quote itself has a meaning. */
static void print_string(const char *text, FILE *script) {
    fputc('\'', script);
    for (; *text; ++text) {
        if (*text == '\'')
            fputc('\'', script);
        fputc(*text == '\n' ? ' ' : *text, script);
    }
    fputc('\'', script);
}

/* One panel a phase, side by side at the top: a bar for each side, with the 10th and the 90th percentile. */
static void print_phase_data(const compare_rows *rows, FILE *script) {
    int panel = -1;
    for (int i = 0; i < rows->phase_count; ++i) {
        const compare_row *row = &rows->row[i];
        const compare_spread *spread = &row->phase->spread;
        if (row->first)
            fprintf(script, "%s$phase%d << END\n", panel >= 0 ? "END\n" : "", panel + 1), ++panel;
        fprintf(script, "%s %.9g %.9g %.9g %d \"%.3g\"\n", row->side->letter, 1e3 * spread->median, 1e3 * spread->p10, 1e3 * spread->p90,
                html_color(rows->set, row->side), 1e3 * spread->median);
    }
    fputs("END\n", script);
}

/* The legend is drawn on the whole picture, with the first panel. */
static void print_phase_panels(const compare_rows *rows, double bottom, double height, FILE *script) {
    int panels = 0, panel = 0;
    for (int i = 0; i < rows->phase_count; ++i)
        panels += rows->row[i].first;
    for (int i = 0; i < rows->phase_count; ++i) {
        const compare_row *row = &rows->row[i];
        if (!row->first)
            continue;
        fprintf(script, "set origin %.4f, %.4f\nset size %.4f, %.4f\nset title ", (double)panel / panels, bottom, 1.0 / panels, height);
        print_string(row->phase->name, script);
        fprintf(script, "\nset xrange [-0.6:%d - 0.4]\n", rows->set->count);
        /* Vectors with flat heads: gnuplot's error bars come with a white dot in their middle. */
        fprintf(script,
                "plot $phase%d using 0:2:5:xtic(1) with boxes lc rgb variable, '' using 0:3:(0):($4-$3) with vectors heads size graph "
                "0.008,90 lc rgb 0x222222 lw 1.5, ",
                panel);

        fputs("'' using 0:4:6 with labels offset 0, 0.7\nunset label\nunset object\n", script);
        ++panel;
    }
}

/* True when the row is the first of a phase among the layers: each such phase gets a panel. */
static bool opens_panel(const compare_rows *rows, int index) {
    const char *phase = rows->row[index].layer->phase;
    for (int i = rows->phase_count; i < index; ++i) {
        const char *before = rows->row[i].layer->phase;
        if (before && phase ? strcmp(before, phase) == 0 : before == phase)
            return false;
    }
    return true;
}

/* A line for each layer and direction of the phase, a column for each side. */
static void print_layer_data(const compare_rows *rows, int panel, const char *phase, FILE *script) {
    fprintf(script, "$layers%d << END\n", panel);
    for (int i = rows->phase_count; i < rows->count; ++i) {
        const compare_layer *like = rows->row[i].layer;
        if (!rows->row[i].first || (phase && like->phase ? strcmp(phase, like->phase) != 0 : phase != like->phase))
            continue;
        fprintf(script, "\"%s %s\"", like->layer, like->direction);
        for (int j = 0; j < rows->set->count; ++j) {
            const compare_layer *layer = compare_side_layer(&rows->set->sides[j], like);
            if (layer)
                fprintf(script, " %.9g", 1e3 * layer->time);
            else
                fputs(" NaN", script);
        }
        fputc('\n', script);
    }
    fputs("END\n", script);
}

static void print_layer_panel(const compare_rows *rows, int panel, const char *phase, double bottom, double height, FILE *script) {
    const char *comma = "";
    fprintf(script, "set origin 0, %.4f\nset size 1, %.4f\nset autoscale x\nset xtics rotate by 35 right\nset title ", bottom, height);
    print_string(phase ? phase : "layers", script);
    fputs("\nset style data histogram\nset style histogram clustered gap 1\nplot ", script);
    for (int i = 0; i < rows->set->count; ++i) {
        if (rows->set->sides[i].layer_count == 0)
            continue;
        fprintf(script, "%s$layers%d using %d:xtic(1) lc rgb %d", comma, panel, i + 2, html_color(rows->set, &rows->set->sides[i]));
        comma = ", ";
    }
    fputc('\n', script);
}

static void print_legend(const compare_set *set, int height, FILE *script) {
    for (int i = 0; i < set->count; ++i) {
        const double x = i % 2 ? 0.51 : 0.03, y = 1 - (TITLE_HEIGHT + LEGEND_LINE * (i / 2 + 0.5)) / height;
        fprintf(script,
                "set object %d rectangle center screen %.4f, %.4f size screen %.4f, %.4f fillcolor rgb %d fillstyle solid noborder\n",
                i + 1, x, y, 10.0 / WIDTH, 10.0 / height, html_color(set, &set->sides[i]));
        fprintf(script, "set label %d ", i + 1);
        char text[sizeof set->sides[i].label + 8];
        snprintf(text, sizeof text, "%s  %s", set->sides[i].letter, set->sides[i].label);
        print_string(text, script);
        fprintf(script, " at screen %.4f, %.4f\n", x + 0.01, y);
    }
}

static void print_settings(const char *path, const compare_set *set, int height, FILE *script) {
    char title[128];
    if (strcmp(path + strlen(path) - 4, ".png") == 0)
        fprintf(script, "set terminal png truecolor noenhanced size %d, %d\n", WIDTH, height);
    else
        fprintf(script, "set terminal svg noenhanced size %d, %d background '#ffffff'\n", WIDTH, height);
    print_legend(set, height, script);
    snprintf(title, sizeof title, "%.60s, batch %d: ms a step, lines from the 10th to the 90th percentile", set->net, set->batch);
    fputs("set label 100 ", script);
    print_string(title, script);
    fprintf(script, " at screen 0.5, %.4f center\n", 1 - 0.5 * TITLE_HEIGHT / height);
    fputs("set datafile missing 'NaN'\nunset key\nset border 3\nset tics nomirror out\nset grid ytics lc rgb "
          "0xdddddd\n"
          "set style fill solid noborder\nset boxwidth 0.7\nset yrange [0:*]\nset offsets 0, 0, graph 0.08, 0\nset ylabel 'ms'\n",
          script);
}

static void print_script(const char *path, const compare_rows *rows, FILE *script) {
    int layer_panels = 0, drawn = 0;
    for (int i = rows->phase_count; i < rows->count; ++i)
        layer_panels += opens_panel(rows, i);
    const int height = TITLE_HEIGHT + LEGEND_LINE * ((rows->set->count + 1) / 2) + PANEL_HEIGHT * (1 + layer_panels);
    const double panel = (double)PANEL_HEIGHT / height;
    print_settings(path, rows->set, height, script);
    print_phase_data(rows, script);
    fputs("set multiplot\n", script);
    print_phase_panels(rows, layer_panels * panel, panel, script);
    for (int i = rows->phase_count; i < rows->count; ++i) {
        const char *phase = rows->row[i].layer->phase;
        if (!opens_panel(rows, i))
            continue;
        print_layer_data(rows, drawn, phase, script);
        ++drawn;
        print_layer_panel(rows, drawn - 1, phase, (layer_panels - drawn) * panel, panel, script);
    }
    fputs("unset multiplot\n", script);
}

bench_status compare_plot_write(const char *path, const compare_rows *rows) {
    char name[] = "gnuplot";
    char *const arguments[] = {name, NULL};
    bench_output output;
    FILE *script = tmpfile();
    if (!script) {
        bench_error("compare: no temporary file for gnuplot's script: %s", strerror(errno));
        return BENCH_FAILED;
    }
    print_script(path, rows, script);
    int error = fflush(script) == 0 && fseek(script, 0, SEEK_SET) == 0 ? 0 : errno;
    bench_status status = bench_output_open("--plot", path, &output);
    if (status == BENCH_OK) {
        if (!error)
            error = run_gnuplot(arguments, fileno(script), fileno(output.file));
        if (error < 0)
            bench_error("compare: gnuplot failed");
        status = bench_output_close(&output, error < 0 ? EIO : error);
    }
    fclose(script);
    return status;
}
