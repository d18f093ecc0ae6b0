# The one look of all pictures: DejaVu Sans, the colours of Okabe and Ito (safe for colour-blind readers), the same
# colour for a runtime everywhere. Loaded by the other scripts; FORMAT, WIDTH, HEIGHT and FONT must be set.
set encoding utf8

if (FORMAT eq "svg") {
    set terminal svg size WIDTH,HEIGHT dynamic background "white" font sprintf("DejaVu Sans,%d", FONT)
} else { if (FORMAT eq "pdf") {
    set terminal pdfcairo size WIDTH/96.0,HEIGHT/96.0 background "white" font sprintf("DejaVu Sans,%d", FONT) fontscale 0.75 linewidth 1
} else { if (FORMAT eq "txt") {
    set terminal dumb 100, (HEIGHT / 14 > 20 ? HEIGHT / 14 : 20) noenhanced
} else {
    set terminal pngcairo size 2*WIDTH,2*HEIGHT background "white" font sprintf("DejaVu Sans,%d", FONT) fontscale 2 linewidth 2 pointscale 2
} } }

RUNTIMES = "c embed ext py"
PALETTE = "0x0072B2 0x56B4E9 0xE69F00 0xD55E00 0x009E73 0xCC79A7 0xF0E442"
place(name) = sum [i=1:words(RUNTIMES)] (word(RUNTIMES, i) eq name ? i : 0)
# Runtimes that are not among the four take the remaining colours in the order they come in.
colour(name, n) = int(word(PALETTE, place(name) > 0 ? place(name) : 5 + (n - 1) % 3))

# The same marker for a model everywhere.
MODELS = "sync threads thread-pool processes process-pool async native-pool"
MARKERS = "7 9 11 5 13 3 15"
model_place(name) = sum [i=1:words(MODELS)] (word(MODELS, i) eq name ? i : 0)
marker(name) = model_place(name) > 0 ? int(word(MARKERS, model_place(name))) : 1

INK = "#222222"
FAINT = "#777777"
set border 3 linecolor rgb FAINT linewidth 1
set tics nomirror textcolor rgb INK
set grid ytics linecolor rgb "#DDDDDD" linewidth 0.7 linetype 1
set key textcolor rgb INK
