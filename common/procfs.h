/* SPDX-License-Identifier: MIT */
/* Small files of /proc and /sys, below a root: "" is this machine, any other a folder with a copy of such files. */
#ifndef COMMON_PROCFS_H
#define COMMON_PROCFS_H

#define PROCFS_MAX (4u << 20) /* bytes; a longer file counts as unreadable */

/* The whole of ROOT/PATH with a NUL behind it, to be freed; NULL: it cannot be read, or there is no memory. */
char *procfs_read(const char *root, const char *path);
/* The same, cut at its first line's end; NULL also where that line is empty. */
char *procfs_line(const char *root, const char *path);

#endif
