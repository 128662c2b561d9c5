/* test_store.c: the store keeps what it is given, within its bounds, for several processes and threads.
 * SPDX-License-Identifier: MIT
 *
 * What happens to a file that is damaged, foreign or not to be written is in test_store_damage.c. */
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sha256.h"
#include "harness.h"
#include "store/store.h"
#include "temporary.h"

#define PROCESSES 8
#define KILLS     50

static convcl_store *open_in(const char *folder, temporary_log *log) {
    convcl_store *store = NULL;
    assert_ok(convcl_store__open(folder, temporary_log_line, log, &store));
    return store;
}

/* True when the entry is there with exactly that value. */
static bool holds(convcl_store *store, convcl_store_kind kind, const char *key, const char *value, size_t size) {
    void *found = NULL;
    size_t found_size = 0;
    assert_ok(convcl_store__get(store, kind, key, &found, &found_size));
    const bool same = found && found_size == size && memcmp(found, value, size) == 0;
    free(found);
    return same;
}

static bool is_missing(convcl_store *store, convcl_store_kind kind, const char *key) {
    void *found = NULL;
    size_t size = 0;
    assert_ok(convcl_store__get(store, kind, key, &found, &size));
    const bool missing = !found && size == 0;
    free(found);
    return missing;
}

/* ---- the checksum ---- */

static void test_store__sha256_of_known_texts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int times;
        const char *digest;
    } known[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        convcl_sha256 hash;
        char digest[CONVCL_SHA256_TEXT];
        convcl_sha256__begin(&hash);
        for (int t = 0; t < known[i].times; t++)
            convcl_sha256__add(&hash, known[i].text, strlen(known[i].text));
        convcl_sha256__end(&hash, digest);
        assert_string_equal(digest, known[i].digest);
    }
}

/* ---- entries ---- */

static void test_store__keeps_entries_for_the_next_process(void **state) {
    (void)state;
    const char *folder = temporary_path(temporary_folder(), "a/b/c");
    temporary_log log = {0};
    convcl_store *store = open_in(folder, &log);
    convcl_store__put(store, CONVCL_STORE_PROGRAM, "key", "one\0two", 7);
    convcl_store__put(store, CONVCL_STORE_TUNING, "key", "", 0);
    convcl_store__put(store, CONVCL_STORE_TUNING, "gone", "x", 1);
    convcl_store__put(store, CONVCL_STORE_TUNING, "twice", "first", 5);
    convcl_store__put(store, CONVCL_STORE_TUNING, "twice", "second", 6);
    convcl_store__remove(store, CONVCL_STORE_TUNING, "gone");
    convcl_store__remove(store, CONVCL_STORE_TUNING, "never there");
    convcl_store__close(store);
    store = open_in(folder, &log);
    const bool all = holds(store, CONVCL_STORE_PROGRAM, "key", "one\0two", 7) && holds(store, CONVCL_STORE_TUNING, "key", "", 0) &&
                     holds(store, CONVCL_STORE_TUNING, "twice", "second", 6) && is_missing(store, CONVCL_STORE_TUNING, "gone") &&
                     is_missing(store, CONVCL_STORE_PROGRAM, "twice");
    int64_t entries = 0, bytes = 0;
    const bool counted = convcl_store__count(store, CONVCL_STORE_TUNING, &entries, &bytes);
    convcl_store__close(store);
    assert_true(all);
    assert_true(counted);
    assert_int_equal(entries, 2);
    assert_int_equal(bytes, strlen("key") + strlen("twice") + 6);
    assert_int_equal(log.warnings, 0);
}

static bool collect_keys(void *user, const convcl_store_entry *entry) {
    char *keys = user;
    assert_int_equal(entry->size, 1);
    strcat(keys, entry->key);
    return strlen(keys) < 2;
}

static void test_store__visits_in_order_and_clears(void **state) {
    (void)state;
    temporary_log log = {0};
    convcl_store *store = open_in(temporary_folder(), &log);
    const convcl_store_entry all[] = {{CONVCL_STORE_TUNING, "c", "3", 1},
                                      {CONVCL_STORE_TUNING, "a", "1", 1},
                                      {CONVCL_STORE_TUNING, "b", "2", 1},
                                      {CONVCL_STORE_PROGRAM, "p", "4", 1}};
    char keys[8] = "";
    int64_t entries = -1, bytes = -1;
    const bool put = convcl_store__put_all(store, all, 4), visited = convcl_store__each(store, CONVCL_STORE_TUNING, collect_keys, keys);
    const bool cleared = convcl_store__clear(store), counted = convcl_store__count(store, CONVCL_STORE_PROGRAM, &entries, &bytes);
    convcl_store__close(store);
    assert_true(put && visited && cleared && counted);
    assert_string_equal(keys, "ab");
    assert_true(entries == 0 && bytes == 0);
}

static void test_store__null_has_nothing(void **state) {
    (void)state;
    convcl_store__put(NULL, CONVCL_STORE_TUNING, "key", "x", 1);
    convcl_store__remove(NULL, CONVCL_STORE_TUNING, "key");
    assert_true(is_missing(NULL, CONVCL_STORE_TUNING, "key"));
    assert_false(convcl_store__put_all(NULL, NULL, 0));
    convcl_store__close(NULL);
}

/* ---- where it lies ---- */

static void expect_folder(const char *asked, const char *expected) {
    char *folder = NULL;
    const char *reason = NULL;
    assert_ok(convcl_store__find_folder(asked, &folder, &reason));
    if (expected)
        assert_string_equal(folder, expected);
    else
        assert_null(folder);
    free(folder);
}

static void set_or_unset(const char *name, const char *value) {
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void test_store__folder_follows_option_and_environment(void **state) {
    (void)state;
    static const struct {
        const char *asked, *own, *cache, *home, *expected;
    } cases[] = {
        {"/x", "/own", "/cache", "/home", "/x"},
        {NULL, "/own", "/cache", "/home", "/own"},
        {NULL, NULL, "/cache", "/home", "/cache/convcl"},
        {NULL, NULL, NULL, "/home", "/home/.cache/convcl"},
        {NULL, NULL, "relative", "/home", "/home/.cache/convcl"},
        {NULL, NULL, NULL, NULL, NULL},
        {"off", "/own", "/cache", "/home", NULL},
        {NULL, "off", "/cache", "/home", NULL},
        {NULL, "", "/cache", "/home", NULL},
        {"/x", "off", NULL, NULL, "/x"},
    };
    static const char *const names[] = {"CONVCL_CACHE_DIR", "XDG_CACHE_HOME", "HOME"};
    char *before[3];
    for (int i = 0; i < 3; i++)
        before[i] = getenv(names[i]) ? strcpy(harness_alloc(1, strlen(getenv(names[i])) + 1), getenv(names[i])) : NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_or_unset(names[0], cases[i].own);
        set_or_unset(names[1], cases[i].cache);
        set_or_unset(names[2], cases[i].home);
        expect_folder(cases[i].asked, cases[i].expected);
    }
    for (int i = 0; i < 3; i++)
        set_or_unset(names[i], before[i]);
}

/* ---- bounds ---- */

static void put_numbered(convcl_store *store, int number, size_t size) {
    char key[32], *value = calloc(1, size);
    snprintf(key, sizeof key, "entry %04d", number);
    memset(value, 'a' + number % 26, size);
    convcl_store__put(store, CONVCL_STORE_PROGRAM, key, value, size);
    free(value);
}

static bool has_numbered(convcl_store *store, int number, size_t size) {
    char key[32], *value = calloc(1, size);
    snprintf(key, sizeof key, "entry %04d", number);
    memset(value, 'a' + number % 26, size);
    const bool there = holds(store, CONVCL_STORE_PROGRAM, key, value, size);
    free(value);
    return there;
}

/* Runs SQL on the file of a store, beside the store. */
static void run_sql(const char *folder, const char *sql) {
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(temporary_path(folder, "store.sqlite"), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void test_store__evicts_what_was_not_used_longest(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    temporary_log log = {0};
    convcl_store *store = open_in(folder, &log);
    convcl_store__set_limit(store, 10 * 1010);
    for (int i = 0; i < 10; i++)
        put_numbered(store, i, 1000);
    const bool all = has_numbered(store, 0, 1000) && has_numbered(store, 9, 1000);
    run_sql(folder, "UPDATE entries SET used = used - 7200");
    const bool used = has_numbered(store, 0, 1000); /* from now on the one that was used last */
    put_numbered(store, 10, 1000);
    int64_t entries = 0, bytes = 0;
    convcl_store__count(store, CONVCL_STORE_PROGRAM, &entries, &bytes);
    const bool kept = has_numbered(store, 0, 1000) && has_numbered(store, 10, 1000) && has_numbered(store, 9, 1000);
    const bool gone = !has_numbered(store, 1, 1000) && !has_numbered(store, 2, 1000);
    put_numbered(store, 11, 9000); /* more than half of the room: not taken */
    const bool refused = !has_numbered(store, 11, 9000) && has_numbered(store, 0, 1000);
    convcl_store__close(store);
    assert_true(all && used && kept && gone && refused);
    assert_true(bytes <= 10 * 1010 * 3 / 4 && entries >= 6);
    assert_int_equal(log.warnings, 0);
}

static void test_store__file_shrinks_when_emptied(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    temporary_log log = {0};
    convcl_store *store = open_in(folder, &log);
    for (int i = 0; i < 20; i++)
        put_numbered(store, i, 100000);
    FILE *file = fopen(convcl_store__path(store), "rb");
    fseek(file, 0, SEEK_END);
    const long full = ftell(file);
    fclose(file); /* also drops SQLite's lock, which nobody needs here */
    convcl_store__clear(store);
    convcl_store__close(store);
    file = fopen(temporary_path(folder, "store.sqlite"), "rb");
    fseek(file, 0, SEEK_END);
    const long empty = ftell(file);
    fclose(file);
    assert_true(full > 2000000 && empty < 100000);
}

/* ---- several at once ---- */

/* A process of its own: puts and gets entries that all processes share. Ends with 0 when everything it read was right and nothing was warned about. */
static int share_entries(const char *folder, int process) {
    temporary_log log = {0};
    convcl_store *store = NULL;
    int wrong = convcl_store__open(folder, temporary_log_line, &log, &store) != CONVCL_OK || !store;
    for (int i = 0; i < 30 && !wrong; i++) {
        const int number = (i * 7 + process * 3) % 30;
        put_numbered(store, number, 5000);
        wrong = !has_numbered(store, number, 5000);
    }
    convcl_store__close(store);
    return wrong || log.warnings > 0;
}

static void test_store__eight_processes_on_an_empty_folder(void **state) {
    (void)state;
    const char *folder = temporary_path(temporary_folder(), "new");
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(share_entries(folder, i));
        assert_true(children[i] > 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    temporary_log log = {0};
    convcl_store *store = open_in(folder, &log);
    int found = 0;
    for (int i = 0; i < 30; i++)
        found += has_numbered(store, i, 5000);
    convcl_store__close(store);
    assert_int_equal(found, 30);
    assert_int_equal(log.warnings, 0);
}

typedef struct worker {
    convcl_store *store;
    int number;
    bool wrong;
} worker;

static void *share_store(void *argument) {
    worker *w = argument;
    for (int i = 0; i < 20 && !w->wrong; i++) {
        char key[32], value[64];
        void *found = NULL;
        size_t size = 0;
        snprintf(key, sizeof key, "%d %d", w->number, i);
        snprintf(value, sizeof value, "value of %s", key);
        convcl_store__put(w->store, CONVCL_STORE_TUNING, key, value, strlen(value));
        w->wrong = convcl_store__get(w->store, CONVCL_STORE_TUNING, key, &found, &size) != CONVCL_OK || !found || strcmp(found, value) != 0;
        free(found);
    }
    return NULL;
}

static void test_store__threads_share_one(void **state) {
    (void)state;
    temporary_log log = {0};
    convcl_store *store = open_in(temporary_folder(), &log);
    pthread_t threads[4];
    worker workers[4];
    for (int i = 0; i < 4; i++) {
        workers[i] = (worker){store, i, false};
        assert_int_equal(pthread_create(&threads[i], NULL, share_store, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    convcl_store__close(store);
    for (int i = 0; i < 4; i++)
        assert_false(workers[i].wrong);
    assert_int_equal(log.warnings, 0);
}

/* Writes until it is killed. */
static void write_forever(const char *folder) {
    convcl_store *store = NULL;
    temporary_log log = {0};
    if (convcl_store__open(folder, temporary_log_line, &log, &store) == CONVCL_OK && store)
        for (int i = 0;; i++) {
            put_numbered(store, i % 40, 20000 + (size_t)i % 3);
            if (i % 10 == 9)
                convcl_store__clear(store);
        }
    _exit(1);
}

/* All entries of a store, each of them right: put_numbered fills a value with one letter that its key determines. */
static bool check_numbered(void *user, const convcl_store_entry *entry) {
    const char *value = entry->value;
    int number = -1;
    bool right = sscanf(entry->key, "entry %d", &number) == 1 && entry->size >= 20000 && entry->size <= 20002;
    for (size_t i = 0; i < entry->size && right; i++)
        right = value[i] == 'a' + number % 26;
    *(bool *)user = right;
    return right;
}

static void test_store__killed_at_any_moment_fifty_times(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    int found_something = 0;
    for (int i = 0; i < KILLS; i++) {
        const pid_t child = fork();
        if (child == 0)
            write_forever(folder);
        assert_true(child > 0);
        float moment;
        harness_uniform(&moment, 1, 1, 60); /* milliseconds */
        nanosleep(&(struct timespec){.tv_nsec = (long)(moment * 1e6f)}, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        temporary_log log = {0};
        bool right = true;
        int64_t entries = 0, bytes = 0;
        convcl_store *store = open_in(folder, &log);
        const bool read = store && convcl_store__each(store, CONVCL_STORE_PROGRAM, check_numbered, &right) &&
                          convcl_store__count(store, CONVCL_STORE_PROGRAM, &entries, &bytes);
        convcl_store__put(store, CONVCL_STORE_TUNING, "after", "x", 1);
        const bool works = holds(store, CONVCL_STORE_TUNING, "after", "x", 1);
        convcl_store__close(store);
        if (log.warnings > 0)
            fail_msg("kill %d: %s", i, log.first);
        assert_true(read && right && works);
        found_something += entries > 0;
    }
    assert_true(found_something > 0);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_store__sha256_of_known_texts);
    HARNESS_HOST(test_store__keeps_entries_for_the_next_process);
    HARNESS_HOST(test_store__visits_in_order_and_clears);
    HARNESS_HOST(test_store__null_has_nothing);
    HARNESS_HOST(test_store__folder_follows_option_and_environment);
    HARNESS_HOST(test_store__evicts_what_was_not_used_longest);
    HARNESS_HOST(test_store__file_shrinks_when_emptied);
    HARNESS_HOST(test_store__eight_processes_on_an_empty_folder);
    HARNESS_HOST(test_store__threads_share_one);
    HARNESS_HOST(test_store__killed_at_any_moment_fifty_times);
    return harness_main(argc, argv);
}
