/* test_store_damage.c: whatever is wrong with the store's file costs one warning and a cold start, and no wrong value is ever returned.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "store/store.h"
#include "temporary.h"

#define ENTRIES 30
#define FLIPS   100

static convcl_store *open_in(const char *folder, temporary_log *log) {
    convcl_store *store = NULL;
    *log = (temporary_log){0};
    assert_ok(convcl_store__open(folder, temporary_log_line, log, &store));
    return store;
}

static void make_entry(int number, char key[32], char value[9000], size_t *size) {
    snprintf(key, 32, "entry %02d", number);
    *size = 1000 + (size_t)number * 200;
    for (size_t i = 0; i < *size; i++)
        value[i] = (char)(number * 31 + (int)i * 7);
}

static void put_entry(convcl_store *store, int number) {
    char key[32], value[9000];
    size_t size;
    make_entry(number, key, value, &size);
    convcl_store__put(store, CONVCL_STORE_PROGRAM, key, value, size);
}

/* 1: there, 0: not there, -1: there and wrong. */
static int look_up(convcl_store *store, int number) {
    char key[32], value[9000];
    size_t size, found_size;
    void *found = NULL;
    make_entry(number, key, value, &size);
    assert_ok(convcl_store__get(store, CONVCL_STORE_PROGRAM, key, &found, &found_size));
    const int result = !found ? 0 : found_size == size && memcmp(found, value, size) == 0 ? 1 : -1;
    free(found);
    return result;
}

/* A folder with a store of ENTRIES entries. */
static const char *full_folder(void) {
    const char *folder = temporary_folder();
    temporary_log log;
    convcl_store *store = open_in(folder, &log);
    for (int i = 0; i < ENTRIES; i++)
        put_entry(store, i);
    convcl_store__close(store);
    assert_int_equal(log.warnings, 0);
    return folder;
}

static unsigned char *read_all(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *bytes = harness_alloc(1, 1 << 20);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void write_all(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void run_sql(const char *folder, const char *sql) {
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(temporary_path(folder, "store.sqlite"), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

/* Opens and uses the store: no wrong value, at most one warning. Then once more: it works, and nothing is left to warn about. Returns the first warning, or "". */
static const char *expect_recovery(const char *folder, const char *what) {
    temporary_log first, second;
    int wrong = 0, there = 0;
    convcl_store *store = open_in(folder, &first);
    for (int i = 0; i < ENTRIES; i++)
        wrong += look_up(store, i) < 0;
    for (int i = 0; i < ENTRIES; i++)
        put_entry(store, i);
    convcl_store__close(store);
    store = open_in(folder, &second);
    for (int i = 0; i < ENTRIES; i++)
        put_entry(store, i);
    for (int i = 0; i < ENTRIES; i++)
        there += look_up(store, i) == 1;
    convcl_store__close(store);
    if (wrong > 0 || there < ENTRIES || first.warnings > 1 || second.warnings > 0)
        fail_msg("%s: %d wrong values, then %d of %d there, %d warnings (%s), then %d (%s)", what, wrong, there, ENTRIES, first.warnings,
                 first.first, second.warnings, second.first);
    char *words = harness_alloc(1, sizeof first.first);
    return strcpy(words, first.first);
}

/* ---- damaged ---- */

static void test_store_damage__no_database_starts_afresh(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    static const char text[] = "This was never a database, but it lies where one should be. It is kept under another name.\n";
    write_all(temporary_path(folder, "store.sqlite"), text, sizeof text - 1);
    const char *warning = expect_recovery(folder, "text");
    size_t size = 0;
    const unsigned char *kept = read_all(temporary_path(folder, "store.sqlite.damaged"), &size);
    assert_non_null(strstr(warning, "starts afresh"));
    assert_int_equal(size, sizeof text - 1);
    assert_memory_equal(kept, text, size);
}

static void test_store_damage__empty_file_is_a_new_store(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    write_all(temporary_path(folder, "store.sqlite"), "", 0);
    assert_string_equal(expect_recovery(folder, "empty"), "");
}

static void test_store_damage__cut_anywhere(void **state) {
    (void)state;
    const char *folder = full_folder(), *path = temporary_path(folder, "store.sqlite");
    size_t size = 0;
    int warned = 0;
    const unsigned char *whole = read_all(path, &size);
    for (size_t cut = 1; cut < size; cut += size / 23) {
        char what[64];
        snprintf(what, sizeof what, "cut to %zu of %zu bytes", cut, size);
        write_all(path, whole, cut);
        warned += *expect_recovery(folder, what) != '\0';
    }
    assert_true(warned >= 20);
}

static void test_store_damage__bytes_changed_anywhere(void **state) {
    (void)state;
    const char *folder = full_folder(), *path = temporary_path(folder, "store.sqlite");
    size_t size = 0;
    int warned = 0;
    const unsigned char *whole = read_all(path, &size);
    for (int i = 0; i < FLIPS; i++) {
        unsigned char *changed = harness_alloc(1, size);
        char what[64];
        float place[2];
        memcpy(changed, whole, size);
        harness_uniform(place, 2, 0, 1);
        /* Half of them in the first pages, where the tables are described. */
        const size_t span = i % 2 ? size : 8192 < size ? 8192 : size, at = (size_t)((double)place[0] * (double)(span - 17));
        for (size_t b = 0; b < 16; b++)
            changed[at + b] ^= (unsigned char)(1 + (int)(place[1] * 254));
        snprintf(what, sizeof what, "16 bytes changed at %zu of %zu", at, size);
        write_all(path, changed, size);
        warned += *expect_recovery(folder, what) != '\0';
    }
    assert_true(warned > FLIPS / 4);
}

static void test_store_damage__wrong_checksum_is_not_trusted(void **state) {
    (void)state;
    const char *folder = full_folder();
    run_sql(folder, "UPDATE entries SET value = zeroblob(length(value)) WHERE key = 'entry 03'");
    assert_non_null(strstr(expect_recovery(folder, "value"), "checksum"));
    run_sql(folder, "UPDATE entries SET checksum = (SELECT checksum FROM entries WHERE key = 'entry 04') WHERE key = 'entry 05'");
    assert_non_null(strstr(expect_recovery(folder, "checksum"), "checksum"));
    /* A whole entry under another's key: its checksum is of its own key. */
    run_sql(folder, "DELETE FROM entries WHERE key = 'entry 06'; UPDATE entries SET key = 'entry 06' WHERE key = 'entry 07'");
    assert_non_null(strstr(expect_recovery(folder, "key"), "checksum"));
}

static void test_store_damage__lost_table_starts_afresh(void **state) {
    (void)state;
    const char *folder = full_folder();
    run_sql(folder, "DROP TABLE entries; CREATE TABLE something (x)");
    assert_non_null(strstr(expect_recovery(folder, "table"), "starts afresh"));
}

/* A damaged file that another store has open stays where it is. */
static void test_store_damage__in_use_is_left_alone(void **state) {
    (void)state;
    const char *folder = full_folder(), *path = temporary_path(folder, "store.sqlite");
    temporary_log log, other_log;
    convcl_store *other = open_in(folder, &other_log);
    write_all(path, "no database at all, and longer than the hundred bytes that SQLite's header has, so that it is looked at in earnest",
              113);
    convcl_store *store = open_in(folder, &log);
    convcl_store__close(store);
    convcl_store__close(other);
    assert_null(store);
    assert_int_equal(log.warnings, 1);
    assert_non_null(strstr(log.first, "going on without it"));
    assert_int_equal(access(temporary_path(folder, "store.sqlite.damaged"), F_OK), -1);
    assert_non_null(strstr(expect_recovery(folder, "no longer in use"), "starts afresh"));
}

/* ---- not ours ---- */

/* The store is refused with one warning that holds the words, its file stays as it is, and lookups find nothing. */
static void expect_refusal(const char *folder, const char *words) {
    const char *path = temporary_path(folder, "store.sqlite");
    size_t before_size = 0, after_size = 0;
    temporary_log log;
    const unsigned char *before = read_all(path, &before_size);
    convcl_store *store = open_in(folder, &log);
    put_entry(store, 1);
    const int found = look_up(store, 1);
    convcl_store__close(store);
    const unsigned char *after = read_all(path, &after_size);
    assert_null(store);
    assert_int_equal(found, 0);
    assert_int_equal(log.warnings, 1);
    assert_non_null(strstr(log.first, words));
    assert_non_null(strstr(log.first, path));
    assert_int_equal(before_size, after_size);
    assert_memory_equal(before, after, before_size);
}

static void test_store_damage__file_of_another_program_is_left_alone(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    run_sql(folder, "CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x'); PRAGMA application_id = 7");
    expect_refusal(folder, "another program");
}

static void test_store_damage__newer_version_is_left_alone(void **state) {
    (void)state;
    const char *folder = full_folder();
    run_sql(folder, "ALTER TABLE entries RENAME TO entries_of_tomorrow; PRAGMA user_version = 2");
    expect_refusal(folder, "version 2");
}

/* ---- not to be written ---- */

static void expect_none(const char *folder, const char *words) {
    temporary_log log;
    convcl_store *store = open_in(folder, &log);
    convcl_store__close(store);
    assert_null(store);
    assert_int_equal(log.warnings, 1);
    assert_non_null(strstr(log.first, words));
}

static void test_store_damage__folder_that_cannot_be_made(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    write_all(temporary_path(folder, "file"), "x", 1);
    expect_none(temporary_path(folder, "file"), "Not a directory");
    expect_none(temporary_path(folder, "file/below"), "Not a directory");
    expect_none("/proc/convcl", "cannot be made");
}

static void test_store_damage__folder_in_the_files_place(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    assert_int_equal(mkdir(temporary_path(folder, "store.sqlite"), 0700), 0);
    expect_none(folder, "cannot be");
}

/* In a process of its own: what `test` returns is its exit status. */
static void expect_in_child(int (*test)(const char *folder), const char *folder) {
    int status = -1;
    const pid_t child = fork();
    if (child == 0)
        _exit(test(folder));
    assert_true(child > 0);
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* 0, or the number of the rule that does not hold. */
static int use_read_only(const char *folder) {
    temporary_log log = {0};
    convcl_store *store = NULL;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) /* root may write everything */
        return 1;
    if (convcl_store__open(folder, temporary_log_line, &log, &store) != CONVCL_OK || !store)
        return 2;
    if (look_up(store, 1) != 1 || log.warnings != 0) /* reading is fine, and no reason for a warning */
        return 3;
    put_entry(store, ENTRIES);
    put_entry(store, ENTRIES + 1);
    if (log.warnings != 1 || !strstr(log.first, "cannot be written"))
        return 4;
    if (look_up(store, ENTRIES) != 0 || look_up(store, 2) != 1)
        return 5;
    convcl_store__close(store);
    return 0;
}

static void test_store_damage__read_only_is_read(void **state) {
    (void)state;
    const char *folder = full_folder();
    assert_int_equal(chmod(temporary_path(folder, "store.sqlite"), 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    expect_in_child(use_read_only, folder);
    assert_int_equal(chmod(folder, 0755), 0);
}

/* The file may not grow any more, as on a full disk. */
static int use_full_disk(const char *folder) {
    temporary_log log = {0};
    convcl_store *store = NULL;
    struct stat information;
    if (stat(temporary_path(folder, "store.sqlite"), &information) != 0)
        return 1;
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {(rlim_t)information.st_size + 4096, (rlim_t)information.st_size + 4096};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    if (convcl_store__open(folder, temporary_log_line, &log, &store) != CONVCL_OK || !store)
        return 3;
    for (int i = ENTRIES; i < ENTRIES + 8; i++)
        put_entry(store, i);
    if (log.warnings != 1 || !strstr(log.first, "cannot be written"))
        return 4;
    for (int i = 0; i < ENTRIES; i++)
        if (look_up(store, i) != 1)
            return 5;
    convcl_store__close(store);
    return 0;
}

static void test_store_damage__full_disk_keeps_what_is_there(void **state) {
    (void)state;
    const char *folder = full_folder();
    expect_in_child(use_full_disk, folder);
    assert_string_equal(expect_recovery(folder, "after the full disk"), "");
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_store_damage__no_database_starts_afresh);
    HARNESS_HOST(test_store_damage__empty_file_is_a_new_store);
    HARNESS_HOST(test_store_damage__cut_anywhere);
    HARNESS_HOST(test_store_damage__bytes_changed_anywhere);
    HARNESS_HOST(test_store_damage__wrong_checksum_is_not_trusted);
    HARNESS_HOST(test_store_damage__lost_table_starts_afresh);
    HARNESS_HOST(test_store_damage__in_use_is_left_alone);
    HARNESS_HOST(test_store_damage__file_of_another_program_is_left_alone);
    HARNESS_HOST(test_store_damage__newer_version_is_left_alone);
    HARNESS_HOST(test_store_damage__folder_that_cannot_be_made);
    HARNESS_HOST(test_store_damage__folder_in_the_files_place);
    HARNESS_HOST(test_store_damage__read_only_is_read);
    HARNESS_HOST(test_store_damage__full_disk_keeps_what_is_there);
    return harness_main(argc, argv);
}
