/* test_headers.c: every public header compiles alone, without a warning, as C11 and as C++11.
 * SPDX-License-Identifier: MIT
 *
 * CMake hands over the compilers and their flags. Without a C++ compiler the C++ half is skipped: convcl does not need one. */
#include <stdio.h>

#include "harness.h"
#include "test_headers_config.h"

static const char *const headers[] = {CONVCL_TEST_HEADERS};

static void compile(const char *name, const char *compiler, const char *language) {
    char command[4096];
    int length =
        snprintf(command, sizeof command,
                 "printf '#include \"convcl/%s\"\\nint convcl_header_test;\\n' | %s %s %s -Wall -Wextra -pedantic -Werror -fsyntax-only -",
                 name, compiler, language, CONVCL_TEST_INCLUDES);
    assert_in_range(length, 1, sizeof command - 1);
    if (system(command) != 0)
        fail_msg("%s does not compile alone: %s", name, command);
}

/* The header of the running test, which is called "<language> <header>". */
static const char *header(void) {
    return strchr(harness_test_name(), ' ') + 1;
}

static void as_c(void **state) {
    (void)state;
    compile(header(), CONVCL_TEST_CC, "-x c -std=c11");
}

static void as_cxx(void **state) {
    (void)state;
    if (!*CONVCL_TEST_CXX)
        skip();
    compile(header(), CONVCL_TEST_CXX, "-x c++ -std=c++11");
}

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char name[128];
        snprintf(name, sizeof name, "C %s", headers[i]);
        harness_add_host_test(name, as_c);
        snprintf(name, sizeof name, "C++ %s", headers[i]);
        harness_add_host_test(name, as_cxx);
    }
    return harness_main(argc, argv);
}
