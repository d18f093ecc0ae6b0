# The one look of all pictures: DejaVu Sans, the colours of Okabe and Ito (safe for colour-blind readers), the same
# colour for a runtime everywhere. Loaded by the other scripts, which set DATA, OUTPUT, FORMAT, TITLE, SUBTITLE, WIDTH and HEIGHT before.
set encoding utf8
FONT = 11
SMALL = sprintf("DejaVu Sans,%d", FONT - 2)

if (FORMAT eq "svg") {
    set terminal svg size WIDTH,HEIGHT dynamic background "white" font sprintf("DejaVu Sans,%d", FONT)
} else { if (FORMAT eq "pdf") {
    set terminal pdfcairo size WIDTH/96.0,HEIGHT/96.0 background "white" font sprintf("DejaVu Sans,%d", FONT) fontscale 0.75 linewidth 1
} else { if (FORMAT eq "txt") {
    set terminal dumb text_width, (HEIGHT / 14 > 20 ? HEIGHT / 14 : 20) noenhanced
} else {
    set terminal pngcairo size 2*WIDTH,2*HEIGHT background "white" font sprintf("DejaVu Sans,%d", FONT) fontscale 2 linewidth 2 pointscale 2
} } }

if (!exists("BASELINE")) { BASELINE = "sync" }
if (!exists("COMMON")) { COMMON = "py" }
RUNTIMES = "c embed ext py cython numba"
PALETTE = "0x0072B2 0x56B4E9 0xE69F00 0xD55E00 0xCC79A7 0xF0E442 0x009E73"   # the last: of any other
# With a version behind it (py3.13t) it is the same one.
is(name, runtime) = name eq runtime || (strstrt(name, runtime) == 1 && strstrt("0123456789", name[strlen(runtime) + 1:strlen(runtime) + 1]) > 0)
place(name) = sum [i=1:words(RUNTIMES)] (is(name, word(RUNTIMES, i)) ? i : 0)
colour(name) = int(word(PALETTE, place(name) > 0 ? place(name) : words(PALETTE)))
colour_at(place) = int(word(PALETTE, int(place) + 1))   # of a runtime's place in RUNTIMES, from 0

# The same marker for a model everywhere.
MODELS = "sync threads thread-pool processes process-pool async native-pool"
MARKERS = "7 9 11 5 13 3 15"
model_place(name) = sum [i=1:words(MODELS)] (word(MODELS, i) eq name ? i : 0)
marker(name) = model_place(name) > 0 ? int(word(MARKERS, model_place(name))) : 1

# The digits of ticks on a logarithmic axis: as many as fit beside each other, and always some.
steps(low, high) = high / low > 1000 ? "1" : high / low > 5 ? "1 2 5" : "1 1.2 1.5 2 2.5 3 4 5 6 8"

# How many rows of a block know the number in a column: what nobody knows cannot be drawn.
known(block, column) = int(word(value(block . "_known"), column))

INK = "#222222"
FAINT = "#777777"
set border 3 linecolor rgb FAINT linewidth 1
set tics nomirror textcolor rgb INK
set grid ytics linecolor rgb "#DDDDDD" linewidth 0.7 linetype 1
set key textcolor rgb INK
GRID = 'linecolor rgb "#DDDDDD" linewidth 0.7 linetype 1'
# What comes before and after a colon: the runtime and the model of a variant.
runtime(variant) = variant[1:strstrt(variant, ":") - 1]
model(variant) = variant[strstrt(variant, ":") + 1:*]
# The i-th of texts with "|" between them.
text_at(all, i) = (rest = all, (sum [k=1:i-1] (rest = rest[strstrt(rest, "|") + 1:*], 0)), strstrt(rest, "|") > 0 ? rest[1:strstrt(rest, "|") - 1] : rest)
set label 1 TITLE at screen 0, screen 1 offset character 2, character -1.3 left noenhanced font sprintf("DejaVu Sans Bold,%d", FONT + 4) textcolor rgb INK
set label 2 SUBTITLE at screen 0, screen 1 offset character 2, character -2.9 left noenhanced font sprintf("DejaVu Sans,%d", FONT - 1) textcolor rgb FAINT
set output OUTPUT
