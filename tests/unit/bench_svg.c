/* SPDX-License-Identifier: MIT */
/* Drawings made fit for a page: what goes, what stays, what is refused. */
#include "bench/report/html/svg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN                                                                                    \
    "<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 100 50\" xmlns=\"http://www.w3.org/2000/svg\" " \
    "xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n<title>T</title>"
#define HEAD "<svg role=\"img\" aria-labelledby=\"label\" width=\"100\" height=\"50\" viewBox=\"0 0 100 50\">"

static int inlined(const char *bytes, char **text)
{
    const struct svg_source source = {.bytes = bytes, .length = strlen(bytes), .prefix = "p1-", .label = "label"};
    struct error err = {.text = ""};
    size_t length = 0;
    FILE *out = open_memstream(text, &length);
    assert_non_null(out);
    const int rc = svg_inline(&source, out, &err);
    assert_int_equal(fclose(out), 0);
    assert_true((rc == 0) == (err.text[0] == '\0'));
    return rc;
}

static void test_what_it_becomes(void **state)
{
    (void)state;
    static const struct {
        const char *body, *expected;
    } cases[] = {
        {"", "</svg>"},
        /* what draws nothing, and what is inherited anyway */
        {"<g fill='none' stroke='currentColor'>\n</g><g><g/></g>", "</svg>"},
        {"<path d='M1.00,2.00 '/><path d='M10.26,1.234 L 5,5'/>", "<path d=\"M10.3,1.234 L 5,5\"/></svg>"},
        {"<g fill='red' stroke-width='1.00'><rect fill='red' width='3.00'/><rect fill='blue'/></g>",
         "<g fill=\"red\"><rect width=\"3\"/><rect fill=\"blue\"/></g></svg>"},
        {"<rect fill='rgb(  0, 114, 178)' class='x' onclick='y'/>", "<rect fill=\"#0072b2\"/></svg>"},
        {"<rect stroke='#00FF00'/>", "<rect stroke=\"#00FF00\"/></svg>"},
        /* groups alike become one; others do not */
        {"<g fill='red'><rect/></g>\n<g fill='red'><rect x='1'/></g><rect/>",
         "<g fill=\"red\"><rect/><rect x=\"1\"/></g><rect/></svg>"},
        {"<g fill='red'><rect/></g><g fill='blue'><rect/></g>",
         "<g fill=\"red\"><rect/></g><g fill=\"blue\"><rect/></g></svg>"},
        {"<g opacity='0.5'><rect/></g><g opacity='0.5'><rect/></g>",
         "<g opacity=\"0.5\"><rect/></g><g opacity=\"0.5\"><rect/></g></svg>"},
        {"<g><g fill='red'><rect/></g></g><g stroke='red'><g fill='red'><rect/></g></g>",
         "<g fill=\"red\"><rect/></g><g stroke=\"red\"><g fill=\"red\"><rect/></g></g></svg>"},
        /* text means itself */
        {"<text><tspan font-family='DejaVu Sans'>a &lt;b&gt; &amp; \"c\"</tspan></text>",
         "<text>a &lt;b&gt; &amp; &quot;c&quot;</text></svg>"},
        {"<text> </text>", "<text> </text></svg>"},
        /* ids: only those that are needed, under names of this drawing */
        {"<defs><circle id='a' r='1.50'/><use xlink:href='#a' id='b'/><rect id='c'/></defs><use xlink:href='#b' "
         "id='d'/>",
         "<defs><circle id=\"p1-a\" r=\"1.5\"/><use id=\"p1-b\" href=\"#p1-a\"/></defs><use href=\"#p1-b\"/></svg>"},
        {"<defs><clipPath id='k'><rect/></clipPath></defs><g clip-path='url(#k)'><rect/></g>",
         "<defs><clipPath id=\"p1-k\"><rect/></clipPath></defs><g clip-path=\"url(#p1-k)\"><rect/></g></svg>"},
        /* gnuplot's filled circles */
        {"<g fill='none'><use xlink:href='#gpPt6' transform='translate(10.00,20.25) scale(1.50)' color='red'/>"
         "<use xlink:href='#gpPt6' transform='translate(30.00,20.00) scale(1.50)' color='red'/>"
         "<use xlink:href='#gpPt6' transform='translate(40.00,20.00) scale(1.50)' color='blue'/><rect/></g>",
         "<g fill=\"none\"><path fill=\"none\" stroke-linecap=\"round\" stroke-width=\"3\" stroke=\"red\" "
         "d=\"M10,20.25h0M30,20h0\"/>"
         "<path fill=\"none\" stroke-linecap=\"round\" stroke-width=\"3\" stroke=\"blue\" "
         "d=\"M40,20h0\"/><rect/></g></svg>"},
        {"<g fill-opacity='0.5'><use xlink:href='#gpPt6' transform='translate(1.00,2.00) scale(1.50)' "
         "color='red'/></g>",
         "<g fill-opacity=\"0.5\"><use href=\"#p1-gpPt6\" transform=\"translate(1,2) scale(1.5)\" "
         "color=\"red\"/></g></svg>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char whole[1024], expected[1024], *text = NULL;
        snprintf(whole, sizeof whole, BEGIN "%s</svg>", cases[i].body);
        snprintf(expected, sizeof expected, HEAD "%s", cases[i].expected);
        assert_int_equal(inlined(whole, &text), 0);
        /* An empty drawing still opens. */
        if (*cases[i].body == '\0' || strcmp(cases[i].expected, "</svg>") == 0)
            snprintf(expected, sizeof expected, "%.*s/>", (int)strlen(HEAD) - 1, HEAD);
        assert_string_equal(text, expected);
        free(text);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        BEGIN "<script>alert(1)</script></svg>",
        BEGIN "<foreignObject/></svg>",
        BEGIN "<image href='data:image/png;base64,AA'/></svg>",
        BEGIN "<a href='#x'/></svg>",
        BEGIN "<style>x</style></svg>",
        BEGIN "<use xlink:href='http://127.0.0.1/x.svg#a'/></svg>",
        BEGIN "<rect fill='url(http://127.0.0.1/x)'/></svg>",
        BEGIN "<rect fill='URL(http://127.0.0.1/x)'/></svg>",
        BEGIN "<rect fill='u\\72l(http://127.0.0.1/x)'/></svg>",
        BEGIN "<rect fill='url(#a) url(http://127.0.0.1/x)'/></svg>",
        BEGIN "<svg><rect></svg>",
        "<!DOCTYPE svg><svg/>",
        "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg><text>&a;</text></svg>",
        "<html/>",
        "no drawing",
        "",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char *text = NULL;
        assert_int_equal(inlined(bodies[i], &text), -EPROTO);
        free(text);
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    char whole[4096] = BEGIN, *text = NULL;
    for (int i = 0; i < 100; i++)
        strcat(whole, "<g>");
    for (int i = 0; i < 100; i++)
        strcat(whole, "</g>");
    strcat(whole, "</svg>");
    assert_int_equal(inlined(whole, &text), -EPROTO);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_becomes),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
