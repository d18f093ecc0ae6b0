# Peak memory over the number of workers, and what one more costs.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 variants  ARG7 runtimes  ARG8 models  ARG9 prices
#   numbers: bench/report/plot/memory.c
DATA = ARG1
FORMAT = ARG3
FONT = 11
WIDTH = 960
KEY = 24 * (curves + 1)
HEIGHT = 420 + KEY
folder = ARG0[1:strlen(ARG0) - strlen("memory.gp")]
load folder . "style.gp"
set output ARG2
price(i) = (rest = ARG9, (sum [k=1:i-1] (rest = rest[strstrt(rest, "|") + 1:*], 0)), strstrt(rest, "|") > 0 ? rest[1:strstrt(rest, "|") - 1] : rest)

set label 1 ARG4 at screen 0, screen 1 offset character 2, character -1.3 left noenhanced font sprintf("DejaVu Sans Bold,%d", FONT + 4) textcolor rgb INK
set label 2 ARG5 at screen 0, screen 1 offset character 2, character -2.9 left noenhanced font sprintf("DejaVu Sans,%d", FONT - 1) textcolor rgb FAINT
set lmargin at screen 84.0 / WIDTH
set rmargin at screen (WIDTH - 24.0) / WIDTH
set tmargin at screen (HEIGHT - 66.0) / HEIGHT
set bmargin at screen (KEY + 60.0) / HEIGHT
set logscale xy
set xrange [0.8:workers * 1.3]
set yrange [low:high]
set xtics ()
do for [e=0:6] { do for [m in "1 2 5"] {
    v = m * 10.0**e
    if (v <= workers * 1.3) { set xtics add (sprintf("%g", v) v) }
} }
set ytics ()
do for [e=-2:6] { do for [m in "1 2 5"] {
    v = m * 10.0**e
    if (v >= low && v <= high) { set ytics add (sprintf("%g MB", v) v) }
} }
set xlabel "workers"
set key at screen 84.0 / WIDTH, screen (KEY + 6.0) / HEIGHT left top vertical maxrows (curves + 1) Left reverse samplen 2 spacing 1.3 noenhanced
draw = "plot"
do for [i=1:curves] {
    draw = draw . (i > 1 ? "," : "") . sprintf(" DATA index 'points %d' using 1:2 with linespoints pointtype marker(word(ARG8, %d)) pointsize 1 linecolor rgb colour(word(ARG7, %d), %d) linewidth 1.2 title word(ARG6, %d).'  '.price(%d)", i, i, i, i, i, i)
}
eval(draw)
unset output
