/* Random values for calls, and memory that shows where a call wrote. */
#ifndef RANDOM_H
#define RANDOM_H

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What is drawn and kept by one thread. */
typedef struct {
    uint64_t state;
    char texts[8][512]; /* short texts of the call at hand */
    unsigned next_text;
    void *blocks[128]; /* memory of the call at hand */
    unsigned block_count;
} dice_t;

/* splitmix64 */
static inline uint64_t draw(dice_t *dice) {
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline uint32_t below(dice_t *dice, uint32_t limit) {
    return (uint32_t)((draw(dice) >> 32) * limit >> 32);
}

/* Once in so many times. */
static inline int once_in(dice_t *dice, uint32_t times) {
    return below(dice, times) == 0;
}

static inline int32_t between(dice_t *dice, int32_t least, int32_t most) {
    return least + (int32_t)below(dice, (uint32_t)(most - least + 1));
}

/* A number that nobody has thought of. */
static inline int32_t hostile_int(dice_t *dice) {
    static const int32_t values[] = {0, 1, -1, 2, 3, -2, 7, 17, 255, 257, 1000, 8192, 8193, 65536, INT32_MAX, INT32_MIN, INT32_MIN + 1};
    if (once_in(dice, 3)) return (int32_t)draw(dice);
    return values[below(dice, sizeof values / sizeof *values)];
}

static inline float hostile_float(dice_t *dice) {
    const float values[] = {0, -0.0f, 1, -1, 0.5f, 1.0000001f, -1e-9f, 1e30f, -1e30f, 1e-40f, NAN, INFINITY, -INFINITY, (float)INT32_MIN};
    if (once_in(dice, 3)) {
        uint32_t bits = (uint32_t)draw(dice);
        float value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    return values[below(dice, sizeof values / sizeof *values)];
}

/* Memory of just this size, until the call is over: AddressSanitizer sees whoever reads on. */
static inline void *block(dice_t *dice, size_t size) {
    if (dice->block_count == sizeof dice->blocks / sizeof *dice->blocks) abort();
    void *memory = malloc(size ? size : 1);
    if (memory == NULL) abort();
    return dice->blocks[dice->block_count++] = memory;
}

static inline void free_blocks(dice_t *dice) {
    while (dice->block_count > 0) free(dice->blocks[--dice->block_count]);
}

static inline const char *text_of(dice_t *dice, const char *text, size_t length) {
    char *copy = block(dice, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* A text that is none that the call expects: no UTF-8, too long, empty, NULL. */
static inline const char *hostile_text(dice_t *dice) {
    switch (below(dice, 6)) {
        case 0: return NULL;
        case 1: return "";
        case 2: return text_of(dice, "\xff\xfe\x80", 3);
        case 3: { /* longer than any limit */
            size_t length = (size_t)1 << between(dice, 8, 17);
            char *text = block(dice, length + 2);
            memset(text, 'a', length + 1);
            text[length + 1] = '\0';
            return text;
        }
        case 4: return text_of(dice, "\xe4\xbd", 2); /* a character that is cut off */
        default: {
            char bytes[64];
            size_t length = below(dice, sizeof bytes);
            for (size_t i = 0; i < length; i++) bytes[i] = (char)(1 + below(dice, 255));
            return text_of(dice, bytes, length);
        }
    }
}

/* Memory for an answer, with bytes before and after it that nobody may touch. */
enum { GUARD = 64, CANARY = 0xa5 };

typedef struct {
    unsigned char *memory;
    size_t size;
    unsigned char *before; /* what was there before the call */
} guarded_t;

static inline guarded_t guarded(dice_t *dice, size_t size) {
    guarded_t it = {block(dice, size + 2 * GUARD), size, block(dice, size)};
    memset(it.memory, CANARY, size + 2 * GUARD);
    memset(it.before, CANARY, size);
    return it;
}

static inline void *inside(const guarded_t *it) {
    return it->memory + GUARD;
}

/* Sets bytes that the call finds there. */
static inline void preset(guarded_t *it, const void *bytes, size_t size) {
    memcpy(it->memory + GUARD, bytes, size);
    memcpy(it->before, bytes, size);
}

/* Whether nothing was written but the first so many bytes. */
static inline int is_untouched_after(const guarded_t *it, size_t written) {
    for (size_t i = 0; i < GUARD; i++) {
        if (it->memory[i] != CANARY || it->memory[GUARD + it->size + i] != CANARY) return 0;
    }
    return memcmp(it->memory + GUARD + written, it->before + written, it->size - written) == 0;
}

#endif
