/* store_file.h: the SQLite file behind a store; for src/store alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_STORE_STORE_FILE_H
#define CONVCL_STORE_STORE_FILE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

/* "cvcl" as a number: SQLite's application_id, by which a file of another program is told from a store. */
#define CONVCL_STORE_APPLICATION 0x6376636c

/* SQLite's user_version. A change of the tables makes it larger; a store that is newer than the library is left alone. */
#define CONVCL_STORE_VERSION 1

struct convcl_store {
    char *folder, *path;
    convcl_log_fn log;
    void *log_user;
    pthread_mutex_t lock; /* guards everything below */
    int lock_file;        /* held shared while the store is open; -1: not open */
    sqlite3 *database;    /* NULL once the file has turned out to be of no use */
    bool writable;        /* false once a change could not be written */
    bool damaged;         /* found while in use: the next call starts afresh */
    bool warned;          /* one warning a store */
    int64_t limit;        /* 0: the limit of the kind */
};

/* Opens or makes the file, and moves a damaged one out of the way when nobody else has it open. False, after a warning, when there is none to work with. */
bool convcl_store__open_file(convcl_store *store);

/* True when there is a file to work with; starts afresh first, when the last call found damage. The store's lock is held. */
bool convcl_store__usable(convcl_store *store);

/* Sends one warning through the log: the file, what it is about, SQLite's words. Only the first of a store goes out. */
void convcl_store__warn(convcl_store *store, const char *format, ...) CONVCL_PRINTF(2, 3);

/* Judges a failure of the open file: being busy passes by; a file that cannot be written is only read from now on; a damaged one is closed, and the
 * next call starts afresh. */
void convcl_store__failed(convcl_store *store, int code);

#endif
