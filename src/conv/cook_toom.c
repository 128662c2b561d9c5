/* cook_toom.c: the matrices of F(m, r) in exact fractions, and the OpenCL C that computes with them.
 * SPDX-License-Identifier: MIT */
#include "conv/cook_toom.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX CONVCL_COOK_TOOM_MAX

typedef convcl_fraction fraction;

/* The finite points for n points in all, in the order they are taken. 0 and +-1 cost no multiplication; p, -p and 1/p keep the powers near 1 and the rows in
 * pairs. For six points +-3/4 and +-3/2 halve the error of +-1 and +-2; for seven and eight, no set of small fractions tried was better than this one. */
static const fraction usual_points[MAX - 1] = {{0, 1}, {1, 1}, {-1, 1}, {2, 1}, {-2, 1}, {1, 2}, {-1, 2}};
static const fraction six_points[5] = {{0, 1}, {3, 4}, {-3, 4}, {3, 2}, {-3, 2}};

static fraction reduce(long long num, long long den) {
    long long a = num < 0 ? -num : num, b = den < 0 ? -den : den;
    while (b != 0) {
        const long long rest = a % b;
        a = b;
        b = rest;
    }
    if (den < 0)
        a = -a;
    return a == 0 ? (fraction){0, 1} : (fraction){num / a, den / a};
}

static fraction multiply(fraction a, fraction b) {
    return reduce(a.num * b.num, a.den * b.den);
}

static fraction divide(fraction a, fraction b) {
    return reduce(a.num * b.den, a.den * b.num);
}

static fraction subtract(fraction a, fraction b) {
    return reduce(a.num * b.den - b.num * a.den, a.den * b.den);
}

static fraction power(fraction a, int exponent) {
    fraction result = {1, 1};
    for (int i = 0; i < exponent; ++i)
        result = multiply(result, a);
    return result;
}

/* Coefficients, constant first, of the product of (x - point) over the first `count` points but `without` (-1: none left out). */
static void make_polynomial(const fraction *points, int count, int without, fraction *coefficients) {
    int degree = 0;
    for (int i = 0; i < MAX; ++i)
        coefficients[i] = (fraction){i == 0, 1};
    for (int i = 0; i < count; ++i) {
        if (i == without)
            continue;
        ++degree;
        for (int k = degree; k >= 0; --k)
            coefficients[k] = subtract(k > 0 ? coefficients[k - 1] : (fraction){0, 1}, multiply(coefficients[k], points[i]));
    }
}

/* Product of (point - other) over the first `count` points but itself. */
static fraction scale_of(const fraction *points, int count, int point) {
    fraction scale = {1, 1};
    for (int i = 0; i < count; ++i)
        if (i != point)
            scale = multiply(scale, subtract(points[point], points[i]));
    return scale;
}

void convcl_cook_toom__make(int m, int r, int set, convcl_cook_toom *c) {
    assert(m >= 1 && r >= 1 && m + r - 1 <= set && set <= MAX);
    const int n = m + r - 1, finite = n - 1;
    const fraction *points = set == 6 ? six_points : usual_points;
    memset(c, 0, sizeof *c);
    c->m = m;
    c->r = r;
    c->n = n;
    for (int i = 0; i < MAX; ++i)
        for (int j = 0; j < MAX; ++j)
            c->at[i][j] = c->g[i][j] = c->bt[i][j] = c->plain[i][j] = (fraction){0, 1};
    /* The point at infinity takes the leading coefficients. It comes first, so that smaller tiles use the first points. */
    c->at[m - 1][0] = (fraction){1, 1};
    c->g[0][r - 1] = c->plain[0][r - 1] = (fraction){1, 1};
    make_polynomial(points, finite, -1, c->bt[0]);
    for (int p = 0; p < finite; ++p) {
        const fraction scale = scale_of(points, set - 1, p), ratio = divide(scale, scale_of(points, finite, p));
        for (int i = 0; i < m; ++i)
            c->at[i][p + 1] = power(points[p], i);
        for (int j = 0; j < r; ++j) {
            c->plain[p + 1][j] = power(points[p], j);
            c->g[p + 1][j] = divide(power(points[p], j), scale);
        }
        make_polynomial(points, finite, p, c->bt[p + 1]);
        for (int k = 0; k < n; ++k)
            c->bt[p + 1][k] = multiply(c->bt[p + 1][k], ratio);
    }
}

void convcl_cook_toom__transpose(convcl_fraction (*matrix)[MAX], convcl_fraction (*transposed_out)[MAX]) {
    for (int i = 0; i < MAX; ++i)
        for (int j = 0; j < MAX; ++j)
            transposed_out[j][i] = matrix[i][j];
}

/* A sum of coefficients times names, as nested fma so that no compiler contracts it in its own way. */
typedef struct sum {
    fraction coefficient[MAX];
    char name[MAX][24];
    int count;
} sum;

static void add_term(sum *s, fraction coefficient, const char *name) {
    if (coefficient.num == 0)
        return;
    s->coefficient[s->count] = coefficient;
    snprintf(s->name[s->count], sizeof s->name[0], "%s", name);
    ++s->count;
}

static bool is_unit(fraction f) {
    return f.den == 1 && (f.num == 1 || f.num == -1);
}

/* Writes the sum; terms with a factor of 1 or -1 first, so that the others fold into fmas. */
static void write_sum(convcl_text *text, const sum *s) {
    if (s->count == 0) {
        convcl_text_add(text, "(vec_float)(0.0f)");
        return;
    }
    int units = 0;
    for (int i = 0; i < s->count; ++i)
        units += is_unit(s->coefficient[i]);
    const int factors = s->count - units;
    /* fma(c1, x1, fma(c2, x2, ... )) around either the units or the last factor's product. */
    int opened = 0;
    for (int i = 0; i < s->count; ++i) {
        const fraction f = s->coefficient[i];
        if (is_unit(f))
            continue;
        ++opened;
        const double value = (double)f.num / (double)f.den;
        if (units == 0 && opened == factors)
            convcl_text_add(text, "%.9ef * %s", value, s->name[i]);
        else
            convcl_text_add(text, "fma((vec_float)(%.9ef), %s, ", value, s->name[i]);
    }
    bool first = true;
    for (int i = 0; i < s->count; ++i) {
        if (!is_unit(s->coefficient[i]))
            continue;
        convcl_text_add(text, "%s%s", s->coefficient[i].num < 0 ? (first ? "-" : " - ") : (first ? "" : " + "), s->name[i]);
        first = false;
    }
    for (int i = 0; i < (units == 0 ? factors - 1 : factors); ++i)
        convcl_text_add(text, ")");
}

static bool equals(fraction a, fraction b, int sign) {
    return a.num == sign * b.num && a.den == b.den;
}

/* The row b that is row a with the sign of every odd column turned (sign 1), or that negated (sign -1); -1 when there is none behind a. */
static int find_row_mate(convcl_fraction (*matrix)[MAX], int rows, int columns, int a, int *sign) {
    for (int b = a + 1; b < rows; ++b)
        for (*sign = 1; *sign >= -1; *sign -= 2) {
            bool all = true, even = false, odd = false;
            for (int k = 0; k < columns; ++k) {
                all = all && equals(matrix[b][k], matrix[a][k], k % 2 == 0 ? *sign : -*sign);
                even = even || (k % 2 == 0 && matrix[a][k].num != 0);
                odd = odd || (k % 2 == 1 && matrix[a][k].num != 0);
            }
            if (all && even && odd)
                return b;
        }
    return -1;
}

/* The column b that is column a with the sign of every odd row turned: the points p and -p of At. */
static int find_column_mate(convcl_fraction (*matrix)[MAX], int rows, int columns, int a) {
    for (int b = a + 1; b < columns; ++b) {
        bool all = true;
        for (int i = 0; i < rows; ++i)
            all = all && equals(matrix[i][b], matrix[i][a], i % 2 == 0 ? 1 : -1);
        if (all && rows > 1)
            return b;
    }
    return -1;
}

/* By pairs of columns: out[i] sums the even rows over (in[p] + in[-p]) and the odd rows over (in[p] - in[-p]). */
static void write_by_columns(convcl_text *text, convcl_fraction (*matrix)[MAX], int rows, int columns) {
    int mate[MAX];
    bool taken[MAX] = {false};
    for (int a = 0; a < columns; ++a) {
        mate[a] = taken[a] ? -1 : find_column_mate(matrix, rows, columns, a);
        if (mate[a] >= 0) {
            taken[mate[a]] = true;
            convcl_text_add(text, "    const vec_float s%d = in[%d * is] + in[%d * is], d%d = in[%d * is] - in[%d * is];\n", a, a, mate[a],
                            a, a, mate[a]);
        }
    }
    for (int i = 0; i < rows; ++i) {
        sum s = {.count = 0};
        for (int a = 0; a < columns; ++a) {
            char name[24];
            if (taken[a])
                continue;
            if (mate[a] >= 0)
                snprintf(name, sizeof name, "%c%d", i % 2 == 0 ? 's' : 'd', a);
            else
                snprintf(name, sizeof name, "in[%d * is]", a);
            add_term(&s, matrix[i][a], name);
        }
        convcl_text_add(text, "    out[%d * os] = ", i);
        write_sum(text, &s);
        convcl_text_add(text, ";\n");
    }
}

/* The even or odd columns of a row. */
static void write_part(convcl_text *text, const fraction *row, int columns, int first) {
    sum s = {.count = 0};
    for (int k = first; k < columns; k += 2) {
        char name[24];
        snprintf(name, sizeof name, "in[%d * is]", k);
        add_term(&s, row[k], name);
    }
    write_sum(text, &s);
}

/* By pairs of rows: the rows of p and -p are e + o and e - o of the same even and odd parts. */
static void write_by_rows(convcl_text *text, convcl_fraction (*matrix)[MAX], int rows, int columns) {
    bool taken[MAX] = {false};
    for (int a = 0; a < rows; ++a) {
        int sign = 1;
        if (taken[a])
            continue;
        const int b = find_row_mate(matrix, rows, columns, a, &sign);
        if (b >= 0 && !taken[b]) {
            taken[b] = true;
            convcl_text_add(text, "    const vec_float e%d = ", a);
            write_part(text, matrix[a], columns, 0);
            convcl_text_add(text, ", o%d = ", a);
            write_part(text, matrix[a], columns, 1);
            convcl_text_add(text, ";\n    out[%d * os] = e%d + o%d;\n    out[%d * os] = %s%d - %s%d;\n", a, a, a, b, sign > 0 ? "e" : "o",
                            a, sign > 0 ? "o" : "e", a);
        } else {
            sum s = {.count = 0};
            for (int k = 0; k < columns; ++k) {
                char name[24];
                snprintf(name, sizeof name, "in[%d * is]", k);
                add_term(&s, matrix[a][k], name);
            }
            convcl_text_add(text, "    out[%d * os] = ", a);
            write_sum(text, &s);
            convcl_text_add(text, ";\n");
        }
    }
}

void convcl_cook_toom__write(convcl_text *text, const char *name, convcl_fraction (*matrix)[MAX], int rows, int columns) {
    convcl_text_add(text, "static inline void %s(const vec_float *in, int is, vec_float *out, int os) {\n", name);
    bool by_columns = false;
    for (int a = 0; a < columns; ++a)
        by_columns = by_columns || find_column_mate(matrix, rows, columns, a) >= 0;
    if (by_columns)
        write_by_columns(text, matrix, rows, columns);
    else
        write_by_rows(text, matrix, rows, columns);
    convcl_text_add(text, "}\n");
}
