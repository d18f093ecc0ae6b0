/* SPDX-License-Identifier: MIT */
/* Whole files in and out. All return 0 or a negative errno; EINTR is retried. */
#ifndef BENCH_UTIL_FILES_H
#define BENCH_UTIL_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* The whole file with a NUL behind it, to be freed. -EFBIG where it has more than `max` bytes. */
int file_read(const char *path, size_t max, char **text, size_t *length);
/* The same of the last `max` bytes, of a regular file that may have more. */
int file_read_end(const char *path, size_t max, char **text, size_t *length);
int file_write_all(int fd, const void *bytes, size_t length);
/* Writes a new file and fsyncs it. */
int file_create(const char *path, const char *text, size_t length);
bool file_exists(const char *path);
/* Whether it is a terminal that TERM names and does not call dumb: one that understands escapes. */
bool file_is_terminal(int fd);
bool dir_exists(const char *path);
/* Where a program is that is called so in `directory`, by its path or by PATH; to be freed. NULL: nowhere. */
char *program_find(const char *name, const char *directory);
/* fsyncs a folder, so that a name made in it by rename outlives a crash of the machine. */
int dir_sync(const char *path);
/* Removes all that is in a folder. Used on folders the driver made. */
void dir_clear(const char *path);
/* Removes a folder and the files in it (not folders within). Used on folders the driver made. */
void dir_remove_flat(const char *path);
/* Removes a folder with all that is in it, and follows no link out of it. Likewise. */
void dir_remove_tree(const char *path);
/*
 * Makes a private folder for what one command writes and the driver reads: in /dev/shm where that has room, else in
 * $TMPDIR, else in /tmp. *path is to be freed. -ENOSPC where none of them takes DIR_SPARE bytes. It is locked until this
 * process ends; such folders that nobody has locked, of runs killed as a whole, are removed on the way.
 */
int dir_make_scratch(char **path);
/* Locks a folder that this process has made, to its end. */
void dir_lock(const char *path);
/* Removes such folders, and those with ".MORE" behind the name, that runs left in `parent` which were killed as a whole. */
void dir_sweep(const char *parent);
/* Removes such a folder, with the semaphores of its name. */
void dir_remove_scratch(const char *path);
#define DIR_SPARE (1u << 20) /* bytes: more than the records, JSON and complaints of a sample take together */
/* Whether a file of DIR_SPARE bytes can be had in the folder, which it leaves as it was: 0, -ENOSPC, -EDQUOT or another. */
int dir_try_space(const char *path);

#endif
