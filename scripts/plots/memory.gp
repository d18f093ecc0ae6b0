# Peak memory over the number of workers, and what one more costs.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 variants  ARG7 what one more costs
#   numbers: bench/report/plot/memory.c
WIDTH = 960
KEY = 24 * (curves + 1)
HEIGHT = 420 + KEY
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("memory.gp")] . "style.gp"
set lmargin at screen 84.0 / WIDTH
set rmargin at screen (WIDTH - 24.0) / WIDTH
set tmargin at screen (HEIGHT - 66.0) / HEIGHT
set bmargin at screen (KEY + 60.0) / HEIGHT
set logscale xy
set xrange [0.8:workers * 1.3]
set yrange [low:high]
set logscale x 2
set xtics 1, 2
set ytics ()
do for [e=-2:6] { do for [m in steps(low, high)] { if (m * 10.0**e >= low && m * 10.0**e <= high) { set ytics add (sprintf("%g MB", m * 10.0**e) m * 10.0**e) } } }
set xlabel "workers"
set key at screen 84.0 / WIDTH, screen (KEY + 6.0) / HEIGHT left top vertical maxrows (curves + 1) Left reverse samplen 2 spacing 1.3 noenhanced
draw = "plot"
do for [i=1:curves] {
    draw = draw . (i > 1 ? "," : "") . sprintf(" DATA index 'points_%d' using 1:2 with linespoints pointtype marker(model(word(ARG6, %d))) pointsize 1 linecolor rgb colour(runtime(word(ARG6, %d))) linewidth 1.2 title word(ARG6, %d).'  '.text_at(ARG7, %d)", i, i, i, i, i)
}
eval(draw)
unset output
