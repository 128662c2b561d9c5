/* bench_program.c: runs the program bench in a folder of its own.
 * SPDX-License-Identifier: MIT */
#include "bench_program.h"

#include <dirent.h>
#include <regex.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_and_remove(const char *path, char text[BENCH_OUTPUT_SIZE]) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t length = fread(text, 1, BENCH_OUTPUT_SIZE - 1, file);
    text[length] = '\0';
    fclose(file);
    unlink(path);
}

bench_run *bench_start_line(const char *line) {
    bench_run *run = harness_alloc(1, sizeof *run);
    char command[2048], out[96], err[96];
    strcpy(run->folder, "/tmp/convcl-test-bench-XXXXXX");
    assert_non_null(mkdtemp(run->folder));
    snprintf(out, sizeof out, "%s/.out", run->folder);
    snprintf(err, sizeof err, "%s/.err", run->folder);
    snprintf(command, sizeof command, "cd %s && CONVCL_TUNE=off BENCH='%s' && export CONVCL_TUNE && { %s; } >.out 2>.err", run->folder,
             CONVCL_TEST_BENCH, line);
    const int result = system(command);
    run->status = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    read_and_remove(out, run->out);
    read_and_remove(err, run->err);
    return run;
}

bench_run *bench_start(const char *arguments) {
    char line[1024];
    snprintf(line, sizeof line, "\"$BENCH\" %s", arguments);
    return bench_start_line(line);
}

void bench_finish(const bench_run *run) {
    DIR *folder = opendir(run->folder);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            fail_msg("bench left %s behind", entry->d_name);
    closedir(folder);
    assert_int_equal(rmdir(run->folder), 0);
}

int bench_matches(const char *pattern, const char *text) {
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    const int result = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return result == 0;
}

void bench_expect_mistake(const bench_mistake *typed) {
    bench_run *run = bench_start(typed->arguments);
    size_t lines = 0;
    for (const char *at = run->err; *at; ++at)
        lines += *at == '\n';
    for (size_t i = 0; i < 2; ++i)
        if (!strstr(run->err, typed->words[i]))
            fail_msg("bench %s: \"%s\" is not in: %s", typed->arguments, typed->words[i], run->err);
    assert_memory_equal(run->err, "bench: ", 7);
    assert_int_equal(lines, typed->usage ? 2 : 1);
    assert_int_equal(run->status, 2);
    assert_string_equal(run->out, "");
    bench_finish(run);
}

json_t *bench_take_json(const bench_run *run, const char *name) {
    char path[160];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", run->folder, name);
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fail_msg("%s: %s", path, error.text);
    unlink(path);
    return root;
}
