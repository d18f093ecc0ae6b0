# A sweep: gain over workers with intervals, the ideal, the capacity, the fitted laws; more workers than CPUs are shaded.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 variants  ARG7 laws  ARG8 the measured counts of workers
#   numbers: bench/report/plot/scaling.c
WIDTH = 960
KEY = 24 * (curves + 2 + (capacity > 0))
HEIGHT = 460 + KEY
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("scaling.gp")] . "style.gp"
set lmargin at screen 70.0 / WIDTH
set rmargin at screen (WIDTH - 24.0) / WIDTH
set tmargin at screen (HEIGHT - 66.0) / HEIGHT
set bmargin at screen (KEY + 60.0) / HEIGHT
set logscale x 2
set xrange [0.9:workers * 1.12]
set yrange [low:high]
if (steep) { set logscale y }
set ytics format "%.12gx"
set xtics ()
do for [n in ARG8] { set xtics add (n n + 0) }
set xlabel "workers"
set key at screen 70.0 / WIDTH, screen (KEY + 6.0) / HEIGHT left top vertical maxrows (curves + 3) Left reverse samplen 2 spacing 1.3 noenhanced
if (cpus > 0 && workers > cpus) {
    set object 1 rectangle from first cpus * 1.04, graph 0 to first workers * 1.12, graph 1 behind fillcolor rgb "#EEEEEE" fillstyle solid noborder
    set label 3 "more workers than CPUs" at first workers * 1.1, graph 0.97 right font SMALL textcolor rgb FAINT
}
draw = "plot x with lines linecolor rgb FAINT linewidth 1.2 dashtype 3 title 'ideal'"
if (capacity > 0) { draw = draw . ", DATA index 'capacity' using 1:2 with points pointtype 2 pointsize 1.4 linecolor rgb INK linewidth 1.6 title 'capacity: copies of sync at once'" }
do for [i=1:curves] {
    c = sprintf("colour(runtime(word(ARG6, %d)))", i)
    if (value(sprintf("amdahl_%d", i))) { draw = draw . sprintf(", DATA index 'amdahl_%d' using 1:2 with lines linecolor rgb %s linewidth 1 dashtype 2 notitle", i, c) }
    if (value(sprintf("usl_%d", i))) { draw = draw . sprintf(", DATA index 'usl_%d' using 1:2 with lines linecolor rgb %s linewidth 1.4 notitle", i, c) }
    draw = draw . sprintf(", DATA index 'points_%d' using 1:2:3:4 with yerrorbars pointtype marker(model(word(ARG6, %d))) pointsize 1 linecolor rgb %s linewidth 1.2 title word(ARG6, %d).'  '.text_at(ARG7, %d)", i, i, c, i, i)
}
eval(draw)
unset output
