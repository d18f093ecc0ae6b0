/* The same in C, with the same zlib: a line of the inputs is the path of a file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

int compress_file(const char *line, size_t length, uint64_t *result)
{
    FILE *file = fopen(line, "rb");
    (void)length;
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return -1;
    const uLong size = (uLong)ftell(file);
    uLongf room = compressBound(size);
    Bytef *from = malloc(size + 1), *to = malloc(room);
    rewind(file);
    int rc = !from || !to || fread(from, 1, size, file) != size ? -1 : compress2(to, &room, from, size, 9);
    *result = room;
    fclose(file);
    free(from);
    free(to);
    return rc;
}
