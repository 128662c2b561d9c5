/* store.h: what convcl remembers between processes: program binaries and tuning results, in one SQLite file of the user's cache folder.
 * SPDX-License-Identifier: MIT
 *
 * The store is a help, never a need: whatever is wrong with the file costs one warning and a cold start. So no function here fails for a reason that lies in the
 * file; what is not found is made anew by the caller.
 *
 * An entry is (kind, key) -> value. The key is a text that names everything the value depends on, so that an entry is never changed by what is around it, only
 * missed. Each value carries a SHA-256 over kind, key and value; one that does not fit is removed and counts as not found.
 *
 * Processes: every change is a transaction, and SQLite's locks keep processes apart. Beside the file lies `lock`: whoever has the store open holds it shared, and
 * only who can have it alone moves a damaged file out of the way (to store.sqlite.damaged). Threads: a store serves them all, one after the other. */
#ifndef CONVCL_STORE_STORE_H
#define CONVCL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "convcl/context.h"
#include "convcl/status.h"

typedef struct convcl_store convcl_store;

/* Values are part of the file's format and are never reused. */
typedef enum convcl_store_kind {
    CONVCL_STORE_PROGRAM = 1, /* what the device's compiler made */
    CONVCL_STORE_TUNING = 2   /* text: which candidate won */
} convcl_store_kind;

/* Bytes of keys and values that a kind may take; beyond it the entries that were not used for the longest time go, down to three quarters. */
#define CONVCL_STORE_PROGRAM_LIMIT ((int64_t)256 << 20)
#define CONVCL_STORE_TUNING_LIMIT  ((int64_t)16 << 20)

/* Opens the store of a folder, which is made if it is not there.
 *
 * folder     NULL: the environment's CONVCL_CACHE_DIR, else $XDG_CACHE_HOME/convcl, else $HOME/.cache/convcl. "off" or "": no store
 * log        receives the warnings; NULL: nobody
 * store_out  the caller's to close; NULL when there is no store or it cannot be used, which is CONVCL_OK all the same
 * Returns CONVCL_OK or CONVCL_NO_MEMORY. */
convcl_status convcl_store__open(const char *folder, convcl_log_fn log, void *log_user, convcl_store **store_out);

/* NULL is fine. */
void convcl_store__close(convcl_store *store);

/* Looks an entry up and marks it as used. *value_out is released with free() and has a NUL behind it that *size_out does not count; NULL when there is no such
 * entry, which is CONVCL_OK. A NULL store has no entry. Returns CONVCL_OK or CONVCL_NO_MEMORY. */
convcl_status convcl_store__get(convcl_store *store, convcl_store_kind kind, const char *key, void **value_out, size_t *size_out);

/* Adds or replaces an entry, and evicts when there are too many. Says nothing when that does not work, beyond the one warning. A NULL store takes nothing. */
void convcl_store__put(convcl_store *store, convcl_store_kind kind, const char *key, const void *value, size_t size);

/* Removes an entry, if it is there. */
void convcl_store__remove(convcl_store *store, convcl_store_kind kind, const char *key);

/* One entry, as convcl_store__put takes it. */
typedef struct convcl_store_entry {
    convcl_store_kind kind;
    const char *key;
    const void *value;
    size_t size;
} convcl_store_entry;

/* Adds or replaces many entries, all or none. True when they are in the store. */
bool convcl_store__put_all(convcl_store *store, const convcl_store_entry *entries, size_t count);

/* Calls `visit` for every entry of a kind whose checksum fits, in the order of their keys, until it returns false. The entry is borrowed during the call, which must
 * not use the store. False when the store could not be read to the end. */
typedef bool (*convcl_store_visit_fn)(void *user, const convcl_store_entry *entry);
bool convcl_store__each(convcl_store *store, convcl_store_kind kind, convcl_store_visit_fn visit, void *user);

/* Removes all entries of both kinds and gives the space back. False when that did not work. */
bool convcl_store__clear(convcl_store *store);

/* How many entries of a kind there are, and the bytes of their keys and values. False when the store could not be read. */
bool convcl_store__count(convcl_store *store, convcl_store_kind kind, int64_t *entries_out, int64_t *bytes_out);

/* The file, borrowed. */
const char *convcl_store__path(const convcl_store *store);

/* Lowers the limit of both kinds, for tests of eviction. */
void convcl_store__set_limit(convcl_store *store, int64_t bytes);

/* store_path.c: the folder as convcl_store__open finds it; *folder_out is released with free(), NULL when the store is off. *reason_out is the warning when
 * there is no place for one, or NULL. CONVCL_OK or CONVCL_NO_MEMORY. */
convcl_status convcl_store__find_folder(const char *folder, char **folder_out, const char **reason_out);

/* store_path.c: makes the folder and those above it, private to the user. 0, or errno. */
int convcl_store__make_folder(const char *folder);

#endif
