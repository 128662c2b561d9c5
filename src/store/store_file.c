/* store_file.c: opens the SQLite file of a store, tells a good one from a damaged, a foreign and a newer one, and starts afresh where that is safe.
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* flock */
#include "base/error.h"

#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"

/* Milliseconds that one process waits for another's transaction, which takes a few. */
#define BUSY_TIMEOUT 10000

/* What a look at the file says. */
typedef enum verdict {
    VERDICT_GOOD,
    VERDICT_DAMAGED, /* ours, or no database at all */
    VERDICT_REFUSED  /* not ours to touch, or not to be opened; the warning is out */
} verdict;

void convcl_store__warn(convcl_store *store, const char *format, ...) {
    char words[512], line[1024];
    if (store->warned)
        return;
    store->warned = true;
    if (!store->log)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    snprintf(line, sizeof line, "store %s %s", store->path, words);
    store->log(CONVCL_LOG_WARNING, line, store->log_user);
}

static bool is_damage(int code) {
    return (code & 255) == SQLITE_CORRUPT || (code & 255) == SQLITE_NOTADB;
}

void convcl_store__failed(convcl_store *store, int code) {
    const int primary = code & 255;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_NOMEM || primary == SQLITE_TOOBIG)
        return;
    if (primary == SQLITE_FULL || primary == SQLITE_READONLY || primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN ||
        primary == SQLITE_PERM) {
        convcl_store__warn(store, "cannot be written: %s; it is only read from now on", sqlite3_errstr(code));
        store->writable = false;
        return;
    }
    convcl_store__warn(store, "is damaged: %s", sqlite3_errstr(code));
    if (store->database)
        sqlite3_close_v2(store->database);
    store->database = NULL;
    store->damaged = true;
}

static int run(sqlite3 *database, const char *sql) {
    return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

static int read_number(sqlite3 *database, const char *sql, int64_t *number_out) {
    sqlite3_stmt *statement = NULL;
    *number_out = 0;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *number_out = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

/* Settings of the connection. The file holds nothing that cannot be made again, so one sync a transaction is enough. */
static int set_up(sqlite3 *database) {
    sqlite3_busy_timeout(database, BUSY_TIMEOUT);
    sqlite3_extended_result_codes(database, 1);
    return run(database,
               "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY");
}

/* Makes the tables of an empty file. Another process may have come first: then there is nothing left to do. */
static int make_tables(sqlite3 *database) {
    int64_t tables = 0;
    char sql[512];
    int code = run(database, "PRAGMA auto_vacuum = FULL");
    if (code == SQLITE_OK)
        code = run(database, "BEGIN IMMEDIATE");
    if (code != SQLITE_OK)
        return code;
    code = read_number(database, "SELECT count(*) FROM sqlite_master", &tables);
    snprintf(sql, sizeof sql,
             "CREATE TABLE entries (kind INTEGER NOT NULL, key TEXT NOT NULL, checksum TEXT NOT NULL, used INTEGER NOT NULL, bytes INTEGER "
             "NOT NULL,"
             " value BLOB NOT NULL, UNIQUE (kind, key)); CREATE INDEX by_use ON entries (kind, used, bytes);"
             " PRAGMA application_id = %d; PRAGMA user_version = %d",
             CONVCL_STORE_APPLICATION, CONVCL_STORE_VERSION);
    if (code == SQLITE_OK && tables == 0)
        code = run(database, sql);
    const int ended = run(database, code == SQLITE_OK ? "COMMIT" : "ROLLBACK");
    return code == SQLITE_OK ? ended : code;
}

/* Whose file it is and whether its tables answer. The values are not read here: each is checked when it is used. */
static verdict judge(convcl_store *store) {
    sqlite3 *database = store->database;
    int64_t tables = 0, application = 0, version = 0, number = 0;
    int code = set_up(database);
    if (code == SQLITE_OK)
        code = read_number(database, "SELECT count(*) FROM sqlite_master", &tables);
    if (code == SQLITE_OK && tables == 0 && !sqlite3_db_readonly(database, "main"))
        code = make_tables(database);
    if (code == SQLITE_OK)
        code = read_number(database, "PRAGMA application_id", &application);
    if (code == SQLITE_OK)
        code = read_number(database, "PRAGMA user_version", &version);
    if (code == SQLITE_OK && application != CONVCL_STORE_APPLICATION) {
        convcl_store__warn(store, "is a file of another program; going on without it");
        return VERDICT_REFUSED;
    }
    if (code == SQLITE_OK && version != CONVCL_STORE_VERSION) {
        convcl_store__warn(store, "has version %lld, this convcl knows %d; going on without it", (long long)version, CONVCL_STORE_VERSION);
        return VERDICT_REFUSED;
    }
    if (code == SQLITE_OK)
        code = read_number(database, "SELECT kind + used + bytes + length(key) + length(checksum) FROM entries LIMIT 1", &number);
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return VERDICT_GOOD;
    if (is_damage(code) || (code & 255) == SQLITE_ERROR) /* SQLITE_ERROR: our mark, but not our tables */
        return VERDICT_DAMAGED;
    convcl_store__warn(store, "cannot be used: %s; going on without it", sqlite3_errmsg(database));
    return VERDICT_REFUSED;
}

static verdict open_and_judge(convcl_store *store) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_PRIVATECACHE;
    const int code = sqlite3_open_v2(store->path, &store->database, flags, NULL);
    verdict result = VERDICT_REFUSED;
    if (code == SQLITE_OK)
        result = judge(store);
    else
        convcl_store__warn(store, "cannot be opened: %s; going on without it",
                           store->database ? sqlite3_errmsg(store->database) : sqlite3_errstr(code));
    store->writable = result == VERDICT_GOOD && !sqlite3_db_readonly(store->database, "main");
    if (result != VERDICT_GOOD) {
        sqlite3_close_v2(store->database);
        store->database = NULL;
    }
    return result;
}

/* Moves the file to <path>.damaged and removes what SQLite keeps beside it. The lock is held alone. */
static bool move_away(const convcl_store *store) {
    convcl_text to = {0}, journal = {0};
    convcl_text_add(&to, "%s.damaged", store->path);
    convcl_text_add(&journal, "%s-journal", store->path);
    bool moved = to.status == CONVCL_OK && journal.status == CONVCL_OK && rename(store->path, convcl_text_get(&to)) == 0;
    if (moved)
        moved = unlink(convcl_text_get(&journal)) == 0 || errno == ENOENT;
    convcl_text_clear(&to);
    convcl_text_clear(&journal);
    return moved;
}

/* Takes the lock beside the file, shared; -1 where there can be none (a folder that is only read), and then nothing is ever moved away. */
static int take_lock(const convcl_store *store) {
    convcl_text path = {0};
    convcl_text_add(&path, "%s/lock", store->folder);
    const int file = path.status == CONVCL_OK ? open(convcl_text_get(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    convcl_text_clear(&path);
    if (file >= 0)
        while (flock(file, LOCK_SH) != 0 && errno == EINTR)
            continue;
    return file;
}

/* Moves a damaged file away and makes a new one, if nobody else has it open; the lock beside the file is held shared before and after. */
static verdict start_afresh(convcl_store *store) {
    verdict result = VERDICT_DAMAGED;
    if (store->lock_file < 0 || flock(store->lock_file, LOCK_EX | LOCK_NB) != 0)
        return result;
    if (move_away(store)) {
        convcl_store__warn(store, "was damaged; it starts afresh, and the old file is store.sqlite.damaged");
        result = open_and_judge(store);
    }
    while (flock(store->lock_file, LOCK_SH) != 0 && errno == EINTR)
        continue;
    return result;
}

bool convcl_store__open_file(convcl_store *store) {
    store->lock_file = take_lock(store);
    verdict result = open_and_judge(store);
    if (result == VERDICT_DAMAGED)
        result = start_afresh(store);
    if (result == VERDICT_DAMAGED)
        convcl_store__warn(store, "is damaged and cannot be moved away now; going on without it");
    return result == VERDICT_GOOD;
}

bool convcl_store__usable(convcl_store *store) {
    if (!store->database && store->damaged) {
        store->damaged = false;
        start_afresh(store);
    }
    return store->database != NULL;
}
