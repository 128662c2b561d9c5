/* cache.c: shows, empties, writes out and takes in the store. Tuning results travel as JSON; programs do not, as they fit one machine only.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* mkstemp */
#include "cache.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "output_file.h"
#include "report_text.h"
#include "session.h"
#include "store/store.h"

/* The version of the exported file. */
#define FORMAT 1

static bench_status open_store(convcl_store **store_out) {
    const bench_status status = bench_check(convcl_store__open(NULL, bench_log_line, NULL, store_out));
    if (status == BENCH_OK && !*store_out) {
        bench_error("cache: there is no store; CONVCL_CACHE_DIR is \"%s\"", getenv("CONVCL_CACHE_DIR") ? getenv("CONVCL_CACHE_DIR") : "");
        return BENCH_FAILED;
    }
    return status;
}

static bench_status cannot_read(const convcl_store *store) {
    bench_error("cache: %s cannot be read", convcl_store__path(store));
    return BENCH_FAILED;
}

/* ---- show ---------------------------------------------------------------------------------------------------------------------------------------------- */

/* The rest of the key's line that begins with `word`, and its length; "" when there is none. */
static const char *key_line(const char *key, const char *word, int *length_out) {
    const size_t size = strlen(word);
    for (const char *line = key; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, size) == 0) {
            *length_out = (int)strcspn(line + size, "\n");
            return line + size;
        }
    }
    *length_out = 0;
    return "";
}

static bool show_tuning(void *user, const convcl_store_entry *entry) {
    int device_length, problem_length;
    const char *device = key_line(entry->key, "device ", &device_length);
    const char *problem = key_line(entry->key, "problem ", &problem_length);
    (void)user;
    printf("  %.*s: %.*s -> %.*s\n", device_length, device, problem_length, problem, (int)entry->size, (const char *)entry->value);
    return true;
}

static bench_status show_count(convcl_store *store, convcl_store_kind kind, const char *title, int64_t limit) {
    int64_t entries = 0, bytes = 0;
    if (!convcl_store__count(store, kind, &entries, &bytes))
        return cannot_read(store);
    printf("%-9s %lld, %.1f MiB of at most %.0f MiB\n", title, (long long)entries, (double)bytes / 1048576.0, (double)limit / 1048576.0);
    return BENCH_OK;
}

static bench_status show(convcl_store *store, const char *path) {
    (void)path;
    printf("store     %s\n", convcl_store__path(store));
    bench_status status = show_count(store, CONVCL_STORE_PROGRAM, "programs", CONVCL_STORE_PROGRAM_LIMIT);
    if (status == BENCH_OK)
        status = show_count(store, CONVCL_STORE_TUNING, "tunings", CONVCL_STORE_TUNING_LIMIT);
    if (status == BENCH_OK && !convcl_store__each(store, CONVCL_STORE_TUNING, show_tuning, NULL))
        status = cannot_read(store);
    return status == BENCH_OK ? bench_text_flush() : status;
}

/* ---- clear --------------------------------------------------------------------------------------------------------------------------------------------- */

static bench_status clear(convcl_store *store, const char *path) {
    (void)path;
    if (convcl_store__clear(store))
        return BENCH_OK;
    bench_error("cache: %s cannot be emptied", convcl_store__path(store));
    return BENCH_FAILED;
}

/* ---- export -------------------------------------------------------------------------------------------------------------------------------------------- */

/* The entries so far, and a digest of their keys and values in order. */
typedef struct exported {
    json_t *entries; /* NULL once there was no memory */
    convcl_sha256 hash;
} exported;

static void add_to_hash(convcl_sha256 *hash, const char *key, const char *value) {
    convcl_sha256__add(hash, key, strlen(key) + 1);
    convcl_sha256__add(hash, value, strlen(value) + 1);
}

static bool export_entry(void *user, const convcl_store_entry *entry) {
    exported *to = user;
    char *value = calloc(1, entry->size + 1);
    json_t *item = NULL;
    if (value) {
        memcpy(value, entry->value, entry->size);
        item = json_pack("{s:s, s:s}", "key", entry->key, "value", value);
        add_to_hash(&to->hash, entry->key, value);
    }
    free(value);
    if (item && json_array_append_new(to->entries, item) == 0)
        return true;
    json_decref(to->entries);
    to->entries = NULL;
    return false;
}

static bench_status no_memory(const char *path) {
    bench_error("cache export: no memory for \"%s\"", path);
    return BENCH_FAILED;
}

static bench_status write_file(const char *path, const json_t *root) {
    char *text = json_dumps(root, JSON_INDENT(1));
    bench_output output;
    bench_status status = text ? bench_output_open("cache export: FILE", path, &output) : no_memory(path);
    if (status == BENCH_OK) {
        const bool written = fputs(text, output.file) >= 0 && fputc('\n', output.file) >= 0;
        status = bench_output_close(&output, written ? 0 : errno);
    }
    free(text);
    return status;
}

static bench_status export_tunings(convcl_store *store, const char *path) {
    exported all = {.entries = json_array()};
    char digest[CONVCL_SHA256_TEXT];
    convcl_sha256__begin(&all.hash);
    if (all.entries && !convcl_store__each(store, CONVCL_STORE_TUNING, export_entry, &all)) {
        json_decref(all.entries);
        return cannot_read(store);
    }
    convcl_sha256__end(&all.hash, digest);
    const size_t count = json_array_size(all.entries);
    json_t *root = json_pack("{s:i, s:s, s:o}", "convcl_tunings", FORMAT, "sha256", digest, "entries", all.entries);
    const bench_status status = root ? write_file(path, root) : no_memory(path);
    json_decref(root);
    if (status != BENCH_OK)
        return status;
    printf("%zu tuning results\n", count);
    return bench_text_flush();
}

/* ---- import -------------------------------------------------------------------------------------------------------------------------------------------- */

static bench_status cannot_import(const char *path, const char *reason) {
    bench_error("cache import: \"%s\" %s; nothing was taken in", path, reason);
    return BENCH_FAILED;
}

/* Fills `entries` with what the file holds, borrowed from it. NULL, or what is wrong. */
static const char *read_entries(json_t *list, const char *digest, convcl_store_entry *entries) {
    char found[CONVCL_SHA256_TEXT];
    convcl_sha256 hash;
    convcl_sha256__begin(&hash);
    for (size_t i = 0; i < json_array_size(list); ++i) {
        const char *key = NULL, *value = NULL;
        if (json_unpack(json_array_get(list, i), "{s:s, s:s !}", "key", &key, "value", &value) != 0)
            return "has an entry without key and value";
        entries[i] = (convcl_store_entry){CONVCL_STORE_TUNING, key, value, strlen(value)};
        add_to_hash(&hash, key, value);
    }
    convcl_sha256__end(&hash, found);
    return strcmp(found, digest) == 0 ? NULL : "was changed since it was written: its sha256 does not fit";
}

static bench_status import_root(convcl_store *store, const char *path, json_t *root) {
    int format = 0;
    const char *digest = NULL, *reason = NULL;
    json_t *list = NULL;
    if (json_unpack(root, "{s:i, s:s, s:o !}", "convcl_tunings", &format, "sha256", &digest, "entries", &list) != 0 || !json_is_array(list))
        return cannot_import(path, "is no file of bench cache export");
    if (format != FORMAT)
        return cannot_import(path, "has a format that this bench does not know");
    const size_t count = json_array_size(list);
    convcl_store_entry *entries = calloc(count + 1, sizeof *entries);
    reason = entries ? read_entries(list, digest, entries) : "does not fit into memory";
    if (!reason && !convcl_store__put_all(store, entries, count))
        reason = "could not be written to the store";
    free(entries);
    if (reason)
        return cannot_import(path, reason);
    printf("%zu tuning results\n", count);
    return bench_text_flush();
}

static bench_status import_tunings(convcl_store *store, const char *path) {
    json_error_t error;
    FILE *file = fopen(path, "r");
    if (!file)
        return cannot_import(path, strerror(errno));
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    if (!root)
        return cannot_import(path, "is no JSON");
    const bench_status status = import_root(store, path, root);
    json_decref(root);
    return status;
}

/* ---- the words ----------------------------------------------------------------------------------------------------------------------------------------- */

typedef struct command {
    const char *word;
    int words; /* with itself */
    bench_status (*run)(convcl_store *store, const char *path);
} command;

static bench_status print_help(void) {
    printf("usage: bench cache show | clear | export FILE | import FILE\n"
           "  show           the store's path, size and tuning results\n"
           "  clear          empties it\n"
           "  export FILE    writes the tuning results, for other machines with the same device\n"
           "  import FILE    reads what export wrote\n"
           "the store: CONVCL_CACHE_DIR, else $XDG_CACHE_HOME/convcl, else ~/.cache/convcl\n"
           "exit status: 0 done, 1 it failed, 2 wrong usage\n");
    return bench_text_flush();
}

bench_status bench_cache_run(int count, char *const *words) {
    static const command commands[] = {
        {"show", 1, show}, {"clear", 1, clear}, {"export", 2, export_tunings}, {"import", 2, import_tunings}};
    const command *chosen = NULL;
    convcl_store *store = NULL;
    if (count == 1 && (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0))
        return print_help();
    for (size_t i = 0; count > 0 && i < sizeof commands / sizeof *commands; ++i)
        if (strcmp(words[0], commands[i].word) == 0)
            chosen = &commands[i];
    if (!chosen)
        return bench_usage_error("cache: \"%s\" is no command, must be show, clear, export FILE or import FILE", count > 0 ? words[0] : "");
    if (count < chosen->words)
        return bench_usage_error("cache %s needs a file", chosen->word);
    if (count > chosen->words)
        return bench_usage_error("cache %s: \"%s\" is one argument too many", chosen->word, words[chosen->words]);
    bench_status status = open_store(&store);
    if (status == BENCH_OK)
        status = chosen->run(store, chosen->words > 1 ? words[1] : NULL);
    convcl_store__close(store);
    return status;
}
