/* store.c: entries of the store: found, added, evicted, counted.
 * SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "store/store_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "base/text.h"

/* Seconds after which a use is written down again: so that a warm start changes nothing in the file. */
#define USE_GRAIN 3600

static void destroy(convcl_store *store) {
    if (store->database)
        sqlite3_close_v2(store->database);
    if (store->lock_file >= 0)
        close(store->lock_file);
    free(store->folder);
    free(store->path);
    free(store);
}

convcl_status convcl_store__open(const char *folder, convcl_log_fn log, void *log_user, convcl_store **store_out) {
    convcl_status status = CONVCL_OK;
    convcl_store *store = NULL;
    convcl_text path = {0};
    const char *reason = NULL;
    *store_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *store, &store));
    store->log = log;
    store->log_user = log_user;
    store->lock_file = -1;
    CONVCL_TRY(convcl_store__find_folder(folder, &store->folder, &reason));
    if (!store->folder) {
        if (reason && log)
            log(CONVCL_LOG_WARNING, reason, log_user);
        goto cleanup;
    }
    convcl_text_add(&path, "%s/store.sqlite", store->folder);
    CONVCL_TRY(path.status);
    CONVCL_TRY(convcl_copy_string(convcl_text_get(&path), &store->path));
    const int error = convcl_store__make_folder(store->folder);
    if (error != 0) {
        convcl_store__warn(store, "cannot be made: %s; going on without it", strerror(error));
        goto cleanup;
    }
    if (!convcl_store__open_file(store))
        goto cleanup;
    if (pthread_mutex_init(&store->lock, NULL) != 0) {
        status = convcl_fail(CONVCL_NO_MEMORY, "store: a mutex could not be made");
        goto cleanup;
    }
    *store_out = store;
    store = NULL;
cleanup:
    if (store)
        destroy(store);
    convcl_text_clear(&path);
    return status;
}

void convcl_store__close(convcl_store *store) {
    if (!store)
        return;
    pthread_mutex_destroy(&store->lock);
    destroy(store);
}

const char *convcl_store__path(const convcl_store *store) {
    return store->path;
}

void convcl_store__set_limit(convcl_store *store, int64_t bytes) {
    store->limit = bytes;
}

static void make_checksum(convcl_store_kind kind, const char *key, const void *value, size_t size, char text[CONVCL_SHA256_TEXT]) {
    const unsigned char kind_byte = (unsigned char)kind;
    convcl_sha256 hash;
    convcl_sha256__begin(&hash);
    convcl_sha256__add(&hash, &kind_byte, 1);
    convcl_sha256__add(&hash, key, strlen(key) + 1);
    convcl_sha256__add(&hash, value, size);
    convcl_sha256__end(&hash, text);
}

static bool checksum_fits(const convcl_store_entry *entry, const char *checksum) {
    char expected[CONVCL_SHA256_TEXT];
    make_checksum(entry->kind, entry->key, entry->value, entry->size, expected);
    return checksum && strcmp(checksum, expected) == 0;
}

/* ---- statements: each is prepared, used and finalized in one call; a file that answers with a fault is judged by convcl_store__failed ------------------------- */

/* Prepares a statement and binds kind and key; NULL after a fault. */
static sqlite3_stmt *prepare(convcl_store *store, const char *sql, convcl_store_kind kind, const char *key) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(statement, 1, (int)kind);
    if (code == SQLITE_OK && key)
        code = sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        return statement;
    sqlite3_finalize(statement);
    convcl_store__failed(store, code);
    return NULL;
}

/* Runs a statement that returns nothing. */
static int finish(sqlite3_stmt *statement) {
    const int code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static bool can_write(const convcl_store *store) {
    return store->database && store->writable;
}

/* Begins a change. Where the file could be opened for reading only, the first change says so. */
static bool begin(convcl_store *store) {
    if (store->database && !store->writable)
        convcl_store__warn(store, "cannot be written; it is only read");
    if (!can_write(store))
        return false;
    const int code = sqlite3_exec(store->database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        convcl_store__failed(store, code);
    return code == SQLITE_OK;
}

/* Ends a change: all of it is in the file, or nothing. */
static bool end(convcl_store *store, int code) {
    if (!store->database) /* closed by convcl_store__failed on the way */
        return false;
    if (code == SQLITE_OK)
        code = sqlite3_exec(store->database, "COMMIT", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return true;
    if (!sqlite3_get_autocommit(store->database)) /* SQLite ends the transaction by itself after the worse faults */
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    convcl_store__failed(store, code);
    return false;
}

static int remove_entry(convcl_store *store, convcl_store_kind kind, const char *key) {
    sqlite3_stmt *statement = prepare(store, "DELETE FROM entries WHERE kind = ?1 AND key = ?2", kind, key);
    return statement ? finish(statement) : SQLITE_ERROR;
}

static void remove_locked(convcl_store *store, convcl_store_kind kind, const char *key) {
    if (can_write(store) && begin(store))
        end(store, remove_entry(store, kind, key));
}

static void mark_used(convcl_store *store, convcl_store_kind kind, const char *key) {
    if (!can_write(store))
        return;
    sqlite3_stmt *statement = prepare(store, "UPDATE entries SET used = ?3 WHERE kind = ?1 AND key = ?2", kind, key);
    if (!statement)
        return;
    sqlite3_bind_int64(statement, 3, (int64_t)time(NULL));
    const int code = finish(statement);
    if (code != SQLITE_OK)
        convcl_store__failed(store, code);
}

/* ---- looking up ---------------------------------------------------------------------------------------------------------------------------------------- */

/* Copies the value of the statement's row. */
static convcl_status copy_value(sqlite3_stmt *statement, int column, void **value_out, size_t *size_out) {
    const size_t size = (size_t)sqlite3_column_bytes(statement, column);
    char *copy = NULL;
    const convcl_status status = convcl_alloc(size + 1, &copy);
    if (status != CONVCL_OK)
        return status;
    if (size > 0)
        memcpy(copy, sqlite3_column_blob(statement, column), size);
    *value_out = copy;
    *size_out = size;
    return CONVCL_OK;
}

static convcl_status get_locked(convcl_store *store, convcl_store_kind kind, const char *key, void **value_out, size_t *size_out) {
    convcl_status status = CONVCL_OK;
    bool wrong = false, used_long_ago = false;
    sqlite3_stmt *statement = prepare(store, "SELECT checksum, used, value FROM entries WHERE kind = ?1 AND key = ?2", kind, key);
    if (!statement)
        return CONVCL_OK;
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const convcl_store_entry entry = {kind, key, sqlite3_column_blob(statement, 2), (size_t)sqlite3_column_bytes(statement, 2)};
        wrong = !checksum_fits(&entry, (const char *)sqlite3_column_text(statement, 0));
        used_long_ago = (int64_t)time(NULL) - sqlite3_column_int64(statement, 1) > USE_GRAIN;
        if (!wrong)
            status = copy_value(statement, 2, value_out, size_out);
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        convcl_store__failed(store, code);
    if (wrong) {
        convcl_store__warn(store, "has an entry with a wrong checksum; it is removed");
        remove_locked(store, kind, key);
    } else if (used_long_ago) {
        mark_used(store, kind, key);
    }
    return status;
}

convcl_status convcl_store__get(convcl_store *store, convcl_store_kind kind, const char *key, void **value_out, size_t *size_out) {
    *value_out = NULL;
    *size_out = 0;
    if (!store)
        return CONVCL_OK;
    pthread_mutex_lock(&store->lock);
    const convcl_status status = convcl_store__usable(store) ? get_locked(store, kind, key, value_out, size_out) : CONVCL_OK;
    pthread_mutex_unlock(&store->lock);
    return status;
}

static bool visit_row(convcl_store_kind kind, sqlite3_stmt *statement, convcl_store_visit_fn visit, void *user) {
    const convcl_store_entry entry = {kind, (const char *)sqlite3_column_text(statement, 1), sqlite3_column_blob(statement, 2),
                                      (size_t)sqlite3_column_bytes(statement, 2)};
    if (!entry.key || !checksum_fits(&entry, (const char *)sqlite3_column_text(statement, 0)))
        return true;
    return visit(user, &entry);
}

bool convcl_store__each(convcl_store *store, convcl_store_kind kind, convcl_store_visit_fn visit, void *user) {
    int code = SQLITE_ERROR;
    bool going_on = true;
    pthread_mutex_lock(&store->lock);
    sqlite3_stmt *statement = convcl_store__usable(store)
                                  ? prepare(store, "SELECT checksum, key, value FROM entries WHERE kind = ?1 ORDER BY key", kind, NULL)
                                  : NULL;
    while (statement && going_on && (code = sqlite3_step(statement)) == SQLITE_ROW)
        going_on = visit_row(kind, statement, visit, user);
    sqlite3_finalize(statement);
    if (statement && code != SQLITE_ROW && code != SQLITE_DONE)
        convcl_store__failed(store, code);
    pthread_mutex_unlock(&store->lock);
    return code == SQLITE_DONE || code == SQLITE_ROW;
}

static bool count_locked(convcl_store *store, convcl_store_kind kind, int64_t *entries_out, int64_t *bytes_out) {
    sqlite3_stmt *statement = prepare(store, "SELECT count(*), coalesce(sum(bytes), 0) FROM entries WHERE kind = ?1", kind, NULL);
    if (!statement)
        return false;
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *entries_out = sqlite3_column_int64(statement, 0);
        *bytes_out = sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW)
        convcl_store__failed(store, code);
    return code == SQLITE_ROW;
}

bool convcl_store__count(convcl_store *store, convcl_store_kind kind, int64_t *entries_out, int64_t *bytes_out) {
    *entries_out = *bytes_out = 0;
    pthread_mutex_lock(&store->lock);
    const bool counted = convcl_store__usable(store) && count_locked(store, kind, entries_out, bytes_out);
    pthread_mutex_unlock(&store->lock);
    return counted;
}

/* ---- adding -------------------------------------------------------------------------------------------------------------------------------------------- */

static int64_t limit_of(const convcl_store *store, convcl_store_kind kind) {
    return store->limit > 0 ? store->limit : kind == CONVCL_STORE_PROGRAM ? CONVCL_STORE_PROGRAM_LIMIT : CONVCL_STORE_TUNING_LIMIT;
}

static int64_t bytes_of(const convcl_store_entry *entry) {
    return (int64_t)strlen(entry->key) + (int64_t)entry->size;
}

/* Removes what was not used for the longest time, from the limit down to three quarters of it. Inside a transaction. */
static int evict(convcl_store *store, convcl_store_kind kind) {
    int64_t entries = 0, bytes = 0;
    if (!count_locked(store, kind, &entries, &bytes))
        return SQLITE_ERROR;
    if (bytes <= limit_of(store, kind))
        return SQLITE_OK;
    sqlite3_stmt *statement =
        prepare(store,
                "DELETE FROM entries WHERE rowid IN (SELECT rowid FROM (SELECT rowid, sum(bytes) OVER (ORDER BY used, rowid) AS"
                " upto, bytes FROM entries WHERE kind = ?1) WHERE upto - bytes < ?2)",
                kind, NULL);
    if (!statement)
        return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 2, bytes - limit_of(store, kind) / 4 * 3);
    return finish(statement);
}

/* Inside a transaction. */
static int put_entry(convcl_store *store, const convcl_store_entry *entry) {
    char checksum[CONVCL_SHA256_TEXT];
    sqlite3_stmt *statement = prepare(store,
                                      "INSERT INTO entries (kind, key, checksum, used, bytes, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                                      " ON CONFLICT (kind, key) DO UPDATE SET checksum = ?3, used = ?4, bytes = ?5, value = ?6",
                                      entry->kind, entry->key);
    if (!statement)
        return SQLITE_ERROR;
    make_checksum(entry->kind, entry->key, entry->value, entry->size, checksum);
    sqlite3_bind_text(statement, 3, checksum, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, (int64_t)time(NULL));
    sqlite3_bind_int64(statement, 5, bytes_of(entry));
    if (entry->size > 0)
        sqlite3_bind_blob(statement, 6, entry->value, (int)entry->size, SQLITE_STATIC);
    else
        sqlite3_bind_zeroblob(statement, 6, 0);
    return finish(statement);
}

/* An entry that would not fit by itself is not worth emptying the store for. */
static bool fits(const convcl_store *store, const convcl_store_entry *entry) {
    return entry->size <= INT_MAX / 2 && bytes_of(entry) <= limit_of(store, entry->kind) / 2;
}

bool convcl_store__put_all(convcl_store *store, const convcl_store_entry *entries, size_t count) {
    bool done = true, programs = false, tunings = false;
    if (!store)
        return false;
    for (size_t i = 0; i < count; ++i) {
        done = done && fits(store, &entries[i]);
        programs = programs || entries[i].kind == CONVCL_STORE_PROGRAM;
        tunings = tunings || entries[i].kind == CONVCL_STORE_TUNING;
    }
    if (!done)
        return false;
    pthread_mutex_lock(&store->lock);
    done = convcl_store__usable(store) && begin(store);
    if (done) {
        int code = SQLITE_OK;
        for (size_t i = 0; i < count && code == SQLITE_OK; ++i)
            code = put_entry(store, &entries[i]);
        if (code == SQLITE_OK && programs)
            code = evict(store, CONVCL_STORE_PROGRAM);
        if (code == SQLITE_OK && tunings)
            code = evict(store, CONVCL_STORE_TUNING);
        done = end(store, code);
    }
    pthread_mutex_unlock(&store->lock);
    return done;
}

void convcl_store__put(convcl_store *store, convcl_store_kind kind, const char *key, const void *value, size_t size) {
    const convcl_store_entry entry = {kind, key, value, size};
    convcl_store__put_all(store, &entry, 1);
}

void convcl_store__remove(convcl_store *store, convcl_store_kind kind, const char *key) {
    if (!store)
        return;
    pthread_mutex_lock(&store->lock);
    remove_locked(store, kind, key);
    pthread_mutex_unlock(&store->lock);
}

bool convcl_store__clear(convcl_store *store) {
    pthread_mutex_lock(&store->lock);
    bool done = convcl_store__usable(store) && begin(store);
    if (done)
        done = end(store, sqlite3_exec(store->database, "DELETE FROM entries", NULL, NULL, NULL));
    pthread_mutex_unlock(&store->lock);
    return done;
}
