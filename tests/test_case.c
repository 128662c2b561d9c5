/* test_case.c: the words of a case: read, written, and refused with the word and the rule.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_case.h"

#include "harness.h"

static void test_case__conv_is_written_as_it_is_read(void **state) {
    (void)state;
    static const char *const cases[] = {
        "n2ih13iw11ic3oc5f3p1", "n1ih9iw9ic4oc6fh5fw1ph2", "n3ih8iw7ic6oc6f3sh2sw3pt1pb2pl3pr4dh2dw3g2", "n1ih5iw5ic2oc2f3bias0relu1mask1",
        "n1ih4iw4ic1oc2f2s2d2",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        convcl_conv_desc desc;
        char text[CONVCL_REF_CASE_TEXT];
        assert_ok(convcl_ref_case_parse_conv(cases[i], &desc));
        assert_string_equal(convcl_ref_case_format_conv(&desc, text), cases[i]);
    }
}

static void test_case__words_behind_a_layer_win(void **state) {
    (void)state;
    convcl_conv_desc desc;
    char text[CONVCL_REF_CASE_TEXT];
    assert_ok(convcl_ref_case_parse_conv("alexnet:conv3n32", &desc));
    assert_string_equal(convcl_ref_case_format_conv(&desc, text), "n32ih13iw13ic192oc384f3p1");
    assert_ok(convcl_ref_case_parse_conv("alexnet:conv1", &desc));
    assert_string_equal(convcl_ref_case_format_conv(&desc, text), "n1ih224iw224ic3oc64f11s4pt3pb4pl3pr4");
}

static void test_case__wrong_convolutions_name_the_word(void **state) {
    (void)state;
    convcl_conv_desc d = {.n = 77};
    assert_fails(convcl_ref_case_parse_conv("", &d), CONVCL_INVALID, "conv|must not be empty");
    assert_fails(convcl_ref_case_parse_conv("n1ih1iw1ic1oc1", &d), CONVCL_INVALID, "f or fh|at least 1");
    assert_fails(convcl_ref_case_parse_conv("n0ih1iw1ic1oc1f1", &d), CONVCL_INVALID, "n must be there|at least 1");
    assert_fails(convcl_ref_case_parse_conv("n1ih1iw1ic1oc1f1z2", &d), CONVCL_INVALID, "\"z\"|no word");
    assert_fails(convcl_ref_case_parse_conv("n1ih1iw1ic1oc1f", &d), CONVCL_INVALID, "\"f\"|followed by a number");
    assert_fails(convcl_ref_case_parse_conv("n1ih1iw1ic1oc1f1 ", &d), CONVCL_INVALID, "\" \"|word");
    assert_fails(convcl_ref_case_parse_conv("n9999999999999999999999ih1iw1ic1oc1f1", &d), CONVCL_INVALID, "n is|at most 1000000");
    assert_fails(convcl_ref_case_parse_conv("n1ih1iw1ic1oc1f1bias2", &d), CONVCL_INVALID, "bias is 2|at most 1");
    assert_fails(convcl_ref_case_parse_conv("alexnet:conv6", &d), CONVCL_INVALID, "alexnet:conv6|\"alexnet\"|no word");
    assert_int_equal(d.n, 77);
}

static void test_case__gemm_is_written_as_it_is_read(void **state) {
    (void)state;
    static const char *const cases[] = {"gm384gn128gk64", "gm1gn1gk0", "gm14gn35gk21gb5x2", "gm9gn8gk7gb36turned1acc1",
                                        "gm31gn70gk12plain1bias1relu1mask1"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        convcl_ref_case_gemm gemm;
        char text[CONVCL_REF_CASE_TEXT];
        assert_ok(convcl_ref_case_parse_gemm(cases[i], &gemm));
        assert_string_equal(convcl_ref_case_format_gemm(&gemm, text), cases[i]);
    }
}

static void test_case__wrong_products_name_the_word(void **state) {
    (void)state;
    convcl_ref_case_gemm g = {.gm = 77};
    assert_fails(convcl_ref_case_parse_gemm("gm3gn4", &g), CONVCL_INVALID, "gk must be there");
    assert_fails(convcl_ref_case_parse_gemm("gn4gk4", &g), CONVCL_INVALID, "gm must be there|at least 1");
    assert_fails(convcl_ref_case_parse_gemm("gm1gn1gk1gb0", &g), CONVCL_INVALID, "gb must be there|at least 1");
    assert_fails(convcl_ref_case_parse_gemm("gm1gn1gk1plain1turned1", &g), CONVCL_INVALID, "plain and turned");
    assert_fails(convcl_ref_case_parse_gemm("gm1gn1gk1gb2bias1", &g), CONVCL_INVALID, "gb is 2|must be 1");
    assert_fails(convcl_ref_case_parse_gemm("n1ih1", &g), CONVCL_INVALID, "\"n\"|no word");
    assert_int_equal(g.gm, 77);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_case__conv_is_written_as_it_is_read);
    HARNESS_HOST(test_case__words_behind_a_layer_win);
    HARNESS_HOST(test_case__wrong_convolutions_name_the_word);
    HARNESS_HOST(test_case__gemm_is_written_as_it_is_read);
    HARNESS_HOST(test_case__wrong_products_name_the_word);
    return harness_main(argc, argv);
}
