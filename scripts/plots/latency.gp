# How long jobs took: the distribution of every variant, p50 and p99 marked.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 variants  ARG7 runtimes  ARG8 models
#   numbers: bench/report/plot/latency.c
DATA = ARG1
FORMAT = ARG3
FONT = 11
WIDTH = 1060
RIGHT = 210
HEIGHT = 130 + curves * 17 < 520 ? 520 : 130 + curves * 17
folder = ARG0[1:strlen(ARG0) - strlen("latency.gp")]
load folder . "style.gp"
set output ARG2

set label 1 ARG4 at screen 0, screen 1 offset character 2, character -1.3 left noenhanced font sprintf("DejaVu Sans Bold,%d", FONT + 4) textcolor rgb INK
set label 2 ARG5 at screen 0, screen 1 offset character 2, character -2.9 left noenhanced font sprintf("DejaVu Sans,%d", FONT - 1) textcolor rgb FAINT
set lmargin at screen 70.0 / WIDTH
set rmargin at screen 1.0 * (WIDTH - RIGHT) / WIDTH
set tmargin at screen (HEIGHT - 66.0) / HEIGHT
set bmargin at screen 60.0 / HEIGHT
set logscale x
set xrange [low:high]
set yrange [0:1.02]
set xtics ()
# As many as fit beside each other, and always some.
steps = high / low > 1000 ? "1" : high / low > 5 ? "1 2 5" : "1 1.2 1.5 2 2.5 3 4 5 6 8"
do for [e=-3:7] { do for [m in steps] {
    v = m * 10.0**e
    if (v >= low && v <= high) { set xtics add (sprintf("%g ms", v) v) }
} }
set ytics ("0" 0, "25%%" 0.25, "p50" 0.5, "75%%" 0.75, "p90" 0.9, "p99" 0.99)
set xlabel "job latency"
set grid xtics linecolor rgb "#DDDDDD" linewidth 0.7 linetype 1
small = sprintf("DejaVu Sans,%d", FONT - 2)
set key at screen 1.0 * (WIDTH - RIGHT + 12) / WIDTH, screen (HEIGHT - 66.0) / HEIGHT left top vertical maxrows curves Left reverse samplen 1.6 spacing 1.05 noenhanced font small
draw = "plot"
do for [i=1:curves] {
    c = sprintf("colour(word(ARG7, %d), %d)", i, i)
    draw = draw . (i > 1 ? "," : "") . sprintf(" DATA index 'curve %d' using 1:2 with steps linecolor rgb %s linewidth 1.2 notitle", i, c)
    draw = draw . sprintf(", DATA index 'marks %d' using 1:2 with points pointtype marker(word(ARG8, %d)) pointsize 1 linecolor rgb %s title word(ARG6, %d)", i, i, c, i)
}
eval(draw)
unset output
