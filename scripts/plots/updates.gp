# Changes a second against the share of them that was lost: what lost none at the left, by its model; the marker is the guard, the
# colour the runtime.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 guards  ARG7 models  ARG8 runtimes
#   numbers: bench/report/plot/updates.c
WIDTH = 960
KEY_ROWS = (guards + words(ARG8) + (unproven > 0) + 1) / 2   # two columns
KEY = 22 * KEY_ROWS
HEIGHT = 470 + KEY
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("updates.gp")] . "style.gp"
set lmargin at screen 84.0 / WIDTH
set rmargin at screen (WIDTH - 24.0) / WIDTH
set tmargin at screen (HEIGHT - 66.0) / HEIGHT
set bmargin at screen (KEY + 84.0) / HEIGHT
set logscale y
set yrange [low:high]
set ytics ()
do for [e=0:12] { do for [m in steps(low, high)] { if (m * 10.0**e >= low && m * 10.0**e <= high) { set ytics add (gprintf("%.0s%c/s", m * 10.0**e) m * 10.0**e) } } }
right = decades > 0 ? models + decades * step + 0.6 : models - 0.4
set xrange [-0.6:right]
set xtics () scale 0 noenhanced
do for [i=1:models] { set xtics add (text_at(ARG7, i) i - 1) }
if (decades > 0) {
    do for [k=0:int(decades)] { set xtics add (sprintf("%g%%%%", 100 * 10.0**(k - decades)) models + k * step) }
    set arrow 1 from first models - 0.5, graph 0 to first models - 0.5, graph 1 nohead linecolor rgb FAINT linewidth 1 dashtype 2
    set label 4 "lost" at first models + decades * step / 2, graph 0 center offset 0, -2.2 textcolor rgb INK
}
set label 3 "lost none" at first (models - 1) / 2.0, graph 0 center offset 0, -2.2 textcolor rgb INK
set key at screen 84.0 / WIDTH, screen (KEY + 14.0) / HEIGHT left top vertical maxrows KEY_ROWS Left reverse samplen 1 spacing 1.3 noenhanced

MARKS = "7 5 9 11 13 15 4 8 10 12"   # of the guards, and then round again
mark(k) = int(word(MARKS, (k - 1) % words(MARKS) + 1))
draw = "plot"
do for [k=1:guards] {
    if (value(sprintf("points_%d", k)) > 0) {
        draw = draw . sprintf(" DATA index 'points_%d' using 1:3:4:5:(colour_at($2)) with yerrorbars pointtype %d pointsize 1.1 linewidth 1.2 linecolor rgb variable notitle, keyentry with points pointtype %d linecolor rgb INK title text_at(ARG6, %d),", k, mark(k), mark(k), k)
    }
}
if (unproven > 0) {
    draw = draw . " DATA index 'unproven' using 1:2 with points pointtype 6 pointsize 2.4 linecolor rgb INK title 'lost none this time, which proves nothing',"
}
if (lost > 0) {
    draw = draw . " DATA index 'lost' using 1:3:4 with labels left noenhanced offset character 1, 0 font SMALL textcolor rgb INK notitle,"
}
do for [i=1:words(ARG8)] { draw = draw . sprintf(" keyentry with lines linewidth 3 linecolor rgb colour(word(ARG8, %d)) title word(ARG8, %d)%s", i, i, i < words(ARG8) ? "," : "") }
eval(draw)
unset output
