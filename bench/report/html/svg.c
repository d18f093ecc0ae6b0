/* SPDX-License-Identifier: MIT */
/*
 * Reads an SVG twice with expat: once for what it refers to, and once to print it. A group is printed when something
 * in it is, so that empty ones vanish; a property that an element would inherit in the same value is left out.
 */
#include "bench/report/html/svg.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/util/html.h"
#include "bench/report/html/svg_value.h"
#include "bench/util/text.h"

enum { DEPTH = 32, VALUE_ROOM = 40, PROPERTIES = 13 };

/* What elements inherit, with the values a drawing begins with. The page's style gives the colour and the font to the
 * whole drawing (bench/report/html/page.css). */
static const struct property {
    const char *name, *initial;
} properties[PROPERTIES] = {
    {"color", "black"},         {"fill", "black"},
    {"fill-opacity", "1"},      {"font-family", "DejaVu Sans"},
    {"font-size", ""},          {"font-weight", "normal"},
    {"stroke", "none"},         {"stroke-dasharray", "none"},
    {"stroke-linecap", "butt"}, {"stroke-linejoin", "miter"},
    {"stroke-width", "1"},      {"stroke-opacity", "1"},
    {"text-anchor", "start"},
};

static const char *const drawing_elements[] = {"svg",    "g",       "defs",    "path",           "rect",
                                               "circle", "ellipse", "line",    "polyline",       "polygon",
                                               "text",   "tspan",   "use",     "symbol",         "clipPath",
                                               "mask",   "marker",  "pattern", "linearGradient", "radialGradient",
                                               "stop",   "filter",  "feFlood", "feComposite",    NULL};
/* Of these, the ones that show nothing where nothing is in them. */
static const char *const holding_elements[] = {"g", "defs", "text", "tspan", NULL};
/* Left out with all that is in them: the page says what a drawing shows. */
static const char *const silent_elements[] = {"title", "desc", "metadata", NULL};
/* What is neither here nor inherited is left out. */
static const char *const drawing_attributes[] = {"baseline-shift",
                                                 "clip-path",
                                                 "clip-rule",
                                                 "clipPathUnits",
                                                 "cx",
                                                 "cy",
                                                 "d",
                                                 "dominant-baseline",
                                                 "dx",
                                                 "dy",
                                                 "fill-rule",
                                                 "filter",
                                                 "filterUnits",
                                                 "flood-color",
                                                 "flood-opacity",
                                                 "font-style",
                                                 "fx",
                                                 "fy",
                                                 "gradientTransform",
                                                 "gradientUnits",
                                                 "height",
                                                 "in",
                                                 "in2",
                                                 "marker-end",
                                                 "marker-mid",
                                                 "marker-start",
                                                 "markerHeight",
                                                 "markerUnits",
                                                 "markerWidth",
                                                 "mask",
                                                 "offset",
                                                 "opacity",
                                                 "operator",
                                                 "orient",
                                                 "patternTransform",
                                                 "patternUnits",
                                                 "points",
                                                 "r",
                                                 "refX",
                                                 "refY",
                                                 "result",
                                                 "rotate",
                                                 "rx",
                                                 "ry",
                                                 "shape-rendering",
                                                 "stop-color",
                                                 "stop-opacity",
                                                 "stroke-dashoffset",
                                                 "stroke-miterlimit",
                                                 "text-decoration",
                                                 "textLength",
                                                 "transform",
                                                 "viewBox",
                                                 "visibility",
                                                 "width",
                                                 "x",
                                                 "x1",
                                                 "x2",
                                                 "xml:space",
                                                 "y",
                                                 "y1",
                                                 "y2",
                                                 NULL};
/* Whose numbers may lose decimals: pixels. */
static const char *const pixel_attributes[] = {"d", "points", "transform", NULL};

/* An element that is open. */
struct level {
    const char *name;                       /* of drawing_elements; NULL: its tag is not printed, what is in it is */
    char *tag;                              /* the opening tag; NULL where `name` is */
    bool printed;                           /* it is: something in it was */
    bool defs;                              /* within <defs>: nothing there inherits from where it stands */
    bool texts;                             /* its characters are shown */
    char inherited[PROPERTIES][VALUE_ROOM]; /* "": not known */
};

struct svg {
    const struct svg_source *source;
    XML_Parser parser;
    FILE *out;
    struct error *err;
    int rc;
    struct string_list from,
        to; /* references: the id of the element in <defs> that has it ("": it is drawn), and the id it names */
    struct string_list live; /* ids that what is drawn needs */
    struct level levels[DEPTH];
    size_t depth;
    char *closing;   /* the opening tag of a group whose closing tag waits: one like it may follow; NULL: none */
    char dots[80];   /* of a path of dots whose d is being printed, what they look like; "": there is none */
    size_t skipping; /* elements open in one that is left out; 0: none */
};

static const char *in_list(const char *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return *list;
    return NULL;
}

static void fail(struct svg *svg, int rc, const char *what, const char *name)
{
    if (svg->rc == 0)
        svg->rc = error_set(svg->err, rc, "%s%.60s", what, name);
    XML_StopParser(svg->parser, XML_FALSE);
}

/* xlink:href is what href was called once. */
static bool is_href(const char *name) { return strcmp(name, "href") == 0 || strcmp(name, "xlink:href") == 0; }

static const char *attribute(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2)
        if (strcmp(*attributes, name) == 0)
            return attributes[1];
    return NULL;
}

/* -- what it refers to -------------------------------------------------------------------------------------------------- */

/* Where the next "url(" stands, in small or capital letters; NULL: nowhere. */
static const char *find_url(const char *value)
{
    for (; *value != '\0'; value++)
        if (strncasecmp(value, "url(", 4) == 0)
            return value;
    return NULL;
}

/* "url(#id)" and what href names; -EPROTO: something outside, or what a style sheet's escapes could make into that. */
static int note_reference(struct svg *svg, const char *from, const char *name, const char *value)
{
    const char *url = find_url(value);
    const char *target = is_href(name) ? value : url == NULL ? NULL : url + strlen("url(");
    if (strchr(value, '\\') != NULL)
        return -EPROTO;
    if (target == NULL)
        return 0;
    if (*target != '#' || find_url(target) != NULL || (url != NULL && strncmp(url, "url(", 4) != 0))
        return -EPROTO;
    const size_t length = strcspn(++target, ")");
    const int rc = string_list_add(&svg->from, from);
    return rc != 0 ? rc : string_list_addf(&svg->to, "%.*s", (int)length, target);
}

static void note_start(void *data, const char *name, const char **attributes)
{
    struct svg *svg = data;
    const char *id = attribute(attributes, "id");
    if (strcmp(name, "defs") == 0 || svg->skipping > 0)
        svg->skipping++; /* here: how deep within <defs> */
    for (const char **a = attributes; *a != NULL && svg->rc == 0; a += 2) {
        const int rc = note_reference(svg, svg->skipping > 0 && id != NULL ? id : "", a[0], a[1]);
        if (rc != 0)
            fail(svg, rc, rc == -EPROTO ? "a reference to something outside: " : "no memory",
                 rc == -EPROTO ? a[1] : "");
    }
}

static void note_end(void *data, const char *name)
{
    struct svg *svg = data;
    (void)name;
    if (svg->skipping > 0)
        svg->skipping--;
}

/* From what is drawn to all it needs, over the references within <defs>. */
static int find_live(struct svg *svg)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < svg->to.count; i++) {
            const char *from = svg->from.items[i], *to = svg->to.items[i];
            if ((*from != '\0' && !string_list_have(&svg->live, from)) || string_list_have(&svg->live, to))
                continue;
            if (string_list_add(&svg->live, to) != 0)
                return -ENOMEM;
            more = true;
        }
    }
    return 0;
}

/* -- what it is made of ------------------------------------------------------------------------------------------------ */

/* Does a path only go somewhere, and draw nothing? */
static bool draws_nothing(const char *name, const char **attributes)
{
    const char *d = strcmp(name, "path") == 0 ? attribute(attributes, "d") : NULL;
    for (; d != NULL && *d != '\0'; d++)
        if (isalpha((unsigned char)*d) && toupper((unsigned char)*d) != 'M')
            return false;
    return d != NULL;
}

/* -- printing ----------------------------------------------------------------------------------------------------------- */

/* Ends the path of dots. */
static void print_dots_end(struct svg *svg)
{
    if (svg->dots[0] != '\0')
        fputs("\"/>", svg->out);
    svg->dots[0] = '\0';
}

/* The closing tag that waited. */
static void print_closing(struct svg *svg)
{
    if (svg->closing != NULL)
        fputs("</g>", svg->out);
    free(svg->closing);
    svg->closing = NULL;
}

/* The tags of all that is open and was not printed yet. A group like the one before it goes on with that one. */
static void print_open(struct svg *svg)
{
    print_dots_end(svg);
    for (size_t i = 0; i < svg->depth; i++) {
        struct level *level = &svg->levels[i];
        const bool same = svg->closing != NULL && level->tag != NULL && strcmp(level->tag, svg->closing) == 0;
        if (level->printed || level->tag == NULL)
            continue;
        if (same) {
            free(svg->closing);
            svg->closing = NULL;
        } else {
            print_closing(svg);
            fputs(level->tag, svg->out);
        }
        level->printed = true;
    }
    print_closing(svg);
}

/* Would two groups with this tag look as one does? */
static bool joins(const struct level *level)
{
    static const char *const alone[] = {" id=", " opacity=", " filter=", " mask=", " clip-path="};
    bool joins = strcmp(level->name, "g") == 0;
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        joins = joins && strstr(level->tag, alone[i]) == NULL;
    return joins;
}

/* Prints name="value", the ids in it with their prefix. */
static void print_attribute(struct svg *svg, FILE *out, const char *name, const char *value)
{
    const char *at = is_href(name) ? value : strstr(value, "url(#");
    fprintf(out, " %s=\"", is_href(name) ? "href" : name);
    if (at != NULL) {
        at += strcspn(at, "#") + 1;
        char *before = text_format("%.*s", (int)(at - value), value);
        html_put(out, before == NULL ? "" : before);
        fputs(svg->source->prefix, out);
        if (before == NULL)
            fail(svg, -ENOMEM, "no memory", "");
        free(before);
    }
    html_put(out, at == NULL ? value : at);
    fputc('"', out);
}

static size_t property_of(const char *name)
{
    size_t i = 0;
    while (i < PROPERTIES && strcmp(properties[i].name, name) != 0)
        i++;
    return i;
}

/* An attribute that says nothing new is left out. */
static void take_attribute(struct svg *svg, struct level *level, FILE *out, const char *name, const char *value)
{
    if (svg->depth == 0 && (strcmp(name, "width") == 0 || strcmp(name, "height") == 0))
        return; /* print_size */
    const size_t property = property_of(name);
    if (property == PROPERTIES && in_list(drawing_attributes, name) == NULL && !is_href(name))
        return;
    char *brief = svg_value_shorten(value, !level->defs && in_list(pixel_attributes, name) != NULL);
    if (brief == NULL) {
        fail(svg, -ENOMEM, "no memory", "");
        return;
    }
    if (property == PROPERTIES || level->defs || strcmp(level->inherited[property], brief) != 0)
        print_attribute(svg, out, name, brief);
    if (property < PROPERTIES)
        snprintf(level->inherited[property], VALUE_ROOM, "%s", strlen(brief) < VALUE_ROOM ? brief : "");
    free(brief);
}

/* The drawing's own size, in pixels; without it a page would have to guess. */
static void print_size(const char *view, FILE *out)
{
    double width = 0, height = 0;
    if (view != NULL && sscanf(view, "%*f %*f %lf %lf", &width, &height) == 2 && width >= 1 && height >= 1)
        fprintf(out, " width=\"%.0f\" height=\"%.0f\"", width, height);
}

/* The opening tag, to be freed; NULL where it cannot be made. *bare: it has no attribute. */
static char *make_tag(struct svg *svg, struct level *level, const char **attributes, bool *bare)
{
    char *tag = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&tag, &length);
    if (out == NULL) {
        fail(svg, -ENOMEM, "no memory", "");
        return NULL;
    }
    fprintf(out, "<%s", level->name);
    if (svg->depth == 0) {
        fputs(" role=\"img\" aria-labelledby=\"", out);
        html_put(out, svg->source->label);
        fputc('"', out);
        print_size(attribute(attributes, "viewBox"), out);
    }
    const char *id = attribute(attributes, "id");
    if (id != NULL && string_list_have(&svg->live, id)) {
        fprintf(out, " id=\"%s", svg->source->prefix);
        html_put(out, id);
        fputc('"', out);
    }
    for (const char **a = attributes; *a != NULL; a += 2)
        take_attribute(svg, level, out, a[0], a[1]);
    *bare = ftell(out) == (long)strlen(level->name) + 1;
    fputc('>', out);
    if (fclose(out) == 0)
        return tag;
    free(tag);
    fail(svg, -ENOMEM, "no memory", "");
    return NULL;
}

/* -- dots --------------------------------------------------------------------------------------------------------------- */

/* Is a property in force what a drawing begins with? */
static bool is_initial(const struct level *level, const char *name)
{
    const size_t property = property_of(name);
    return strcmp(level->inherited[property], properties[property].initial) == 0;
}

/*
 * gnuplot draws its filled circle (gpPt6, of radius 1) by a <use> each, and a picture of samples has hundreds. A path of
 * points with round ends looks the same and takes a fifth of the room. False: it is none, or not so simple.
 */
static bool take_dot(struct svg *svg, const char *name, const char **attributes)
{
    const struct level *level = svg->depth > 0 ? &svg->levels[svg->depth - 1] : NULL;
    const char *target = attribute(attributes, "xlink:href"), *transform = attribute(attributes, "transform");
    const char *colour = attribute(attributes, "color");
    double x, y, radius;
    int end = 0;
    if (level == NULL || level->defs || strcmp(name, "use") != 0 || target == NULL || strcmp(target, "#gpPt6") != 0 ||
        transform == NULL || colour == NULL || !is_initial(level, "fill-opacity") ||
        !is_initial(level, "stroke-opacity") || !is_initial(level, "stroke-dasharray") ||
        sscanf(transform, "translate(%lf,%lf) scale(%lf)%n", &x, &y, &radius, &end) != 3 || transform[end] != '\0')
        return false;
    char looks[sizeof svg->dots], *brief = svg_value_shorten(colour, false);
    if (brief == NULL) {
        fail(svg, -ENOMEM, "no memory", "");
        return true;
    }
    snprintf(looks, sizeof looks, "%.4g %.60s", 2 * radius, brief);
    if (strcmp(looks, svg->dots) != 0 || !level->printed || svg->closing != NULL) {
        print_open(svg);
        fprintf(svg->out, "<path fill=\"none\" stroke-linecap=\"round\" stroke-width=\"%.4g\"", 2 * radius);
        print_attribute(svg, svg->out, "stroke", brief);
        fputs(" d=\"", svg->out);
        snprintf(svg->dots, sizeof svg->dots, "%s", looks);
    }
    free(brief);
    fprintf(svg->out, "M%.5g,%.5gh0", x, y);
    return true;
}

/* -- elements ----------------------------------------------------------------------------------------------------------- */

/* Is it left out with all that is in it? */
static bool is_left_out(struct svg *svg, const char *name, const char **attributes)
{
    const char *id = attribute(attributes, "id");
    const bool defined = svg->depth > 0 && svg->levels[svg->depth - 1].defs;
    return in_list(silent_elements, name) != NULL || draws_nothing(name, attributes) ||
           (defined && id != NULL && !string_list_have(&svg->live, id));
}

static void start(void *data, const char *name, const char **attributes)
{
    struct svg *svg = data;
    if (svg->rc != 0) /* expat may still finish an element when it is stopped */
        return;
    if (svg->skipping > 0 || is_left_out(svg, name, attributes) || take_dot(svg, name, attributes)) {
        svg->skipping++;
        return;
    }
    const char *known = in_list(drawing_elements, name);
    if (known == NULL || svg->depth == DEPTH || (svg->depth == 0 && strcmp(name, "svg") != 0)) {
        fail(svg, -EPROTO, known == NULL ? "an element that does not draw: " : "not the shape of a drawing: ", name);
        return;
    }
    const struct level *outer = svg->depth > 0 ? &svg->levels[svg->depth - 1] : NULL;
    struct level *level = &svg->levels[svg->depth];
    bool bare = false;
    if (outer != NULL)
        *level = *outer;
    level->name = known;
    level->tag = NULL;
    level->printed = false;
    level->defs |= strcmp(name, "defs") == 0;
    level->texts |= strcmp(name, "text") == 0;
    level->tag = make_tag(svg, level, attributes, &bare);
    if (bare && (strcmp(name, "g") == 0 || strcmp(name, "tspan") == 0)) {
        free(level->tag);
        level->tag = NULL;
        level->name = NULL;
    }
    svg->depth++;
}

static void end(void *data, const char *name)
{
    struct svg *svg = data;
    (void)name;
    if (svg->rc != 0)
        return;
    if (svg->skipping > 0) {
        svg->skipping--;
        return;
    }
    struct level *level = &svg->levels[--svg->depth];
    if (level->printed) {
        print_dots_end(svg);
        print_closing(svg);
        if (joins(level)) {
            svg->closing = level->tag;
            level->tag = NULL;
        } else {
            fprintf(svg->out, "</%s>", level->name);
        }
    } else if (level->tag != NULL && in_list(holding_elements, level->name) == NULL) {
        print_open(svg);
        fprintf(svg->out, "%.*s/>", (int)strlen(level->tag) - 1, level->tag);
    }
    free(level->tag);
    level->tag = NULL;
}

static void characters(void *data, const char *text, int length)
{
    struct svg *svg = data;
    if (svg->rc != 0 || svg->skipping > 0 || svg->depth == 0 || !svg->levels[svg->depth - 1].texts || length <= 0)
        return;
    char *copy = text_format("%.*s", length, text);
    if (copy == NULL) {
        fail(svg, -ENOMEM, "no memory", "");
        return;
    }
    print_open(svg);
    html_put(svg->out, copy);
    free(copy);
}

/* -- the whole ---------------------------------------------------------------------------------------------------------- */

/* Entities are declared there; a drawing needs none. */
static void doctype(void *data, const char *name, const char *system, const char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    fail(data, -EPROTO, "a document type", "");
}

/* Expat 2.9 has a wider one and warns of the other. */
static unsigned long long line_number(XML_Parser parser)
{
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
    return XML_GetCurrentLineNumber64(parser);
#else
    return XML_GetCurrentLineNumber(parser);
#endif
}

static int parse(struct svg *svg, XML_StartElementHandler on_start, XML_EndElementHandler on_end,
                 XML_CharacterDataHandler on_characters)
{
    svg->parser = XML_ParserCreate(NULL);
    if (svg->parser == NULL)
        return error_set(svg->err, -ENOMEM, "no memory");
    XML_SetUserData(svg->parser, svg);
    XML_SetElementHandler(svg->parser, on_start, on_end);
    XML_SetCharacterDataHandler(svg->parser, on_characters);
    XML_SetStartDoctypeDeclHandler(svg->parser, doctype);
    const bool too_long = svg->source->length > INT_MAX;
    const enum XML_Status status = too_long
                                       ? XML_STATUS_ERROR
                                       : XML_Parse(svg->parser, svg->source->bytes, (int)svg->source->length, XML_TRUE);
    if (status != XML_STATUS_OK && svg->rc == 0)
        svg->rc = error_set(svg->err, -EPROTO, "line %llu: %s", line_number(svg->parser),
                            too_long ? "too long" : XML_ErrorString(XML_GetErrorCode(svg->parser)));
    XML_ParserFree(svg->parser);
    return svg->rc;
}

int svg_inline(const struct svg_source *source, FILE *out, struct error *err)
{
    struct svg *svg = calloc(1, sizeof *svg); /* some 20 kB of levels */
    if (svg == NULL)
        return error_set(err, -ENOMEM, "no memory");
    svg->source = source;
    svg->out = out;
    svg->err = err;
    for (size_t i = 0; i < PROPERTIES; i++)
        snprintf(svg->levels[0].inherited[i], VALUE_ROOM, "%s", properties[i].initial);
    int rc = parse(svg, note_start, note_end, NULL);
    svg->skipping = 0;
    if (rc == 0)
        rc = find_live(svg) == 0 ? 0 : error_set(err, -ENOMEM, "no memory");
    if (rc == 0)
        rc = parse(svg, start, end, characters);
    while (svg->depth > 0)
        free(svg->levels[--svg->depth].tag);
    free(svg->closing);
    string_list_free(&svg->from);
    string_list_free(&svg->to);
    string_list_free(&svg->live);
    free(svg);
    return rc;
}
