# Every sample of a group in run order: a strip a cell; below, the controls' ratios round by round.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 runtimes  ARG7 those with a control
#   numbers: bench/report/plot/stability.c
ROW = 24
WIDTH = rounds > 60 ? 1300 : 960
TOP = 124
LEFT = 190
CONTROLS = controls > 0 ? 130 : 0
HEIGHT = int(TOP + names * ROW + 58 + CONTROLS)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("stability.gp")] . "style.gp"

set multiplot
set label 3 sprintf("Whole command beside its median: a strip's edge is %g%% off", 100 * edge) at screen 1.0 * LEFT / WIDTH, screen (HEIGHT - 76.0) / HEIGHT left font sprintf("DejaVu Sans,%d", FONT)
set lmargin at screen 1.0 * LEFT / WIDTH
set rmargin at screen (WIDTH - 20.0) / WIDTH
set tmargin at screen (HEIGHT - TOP + 0.0) / HEIGHT
set bmargin at screen (58.0 + CONTROLS) / HEIGHT
set border 0
set xrange [0.5:rounds + 0.5]
set yrange [-0.6:names - 0.4]
names_font = sprintf("DejaVu Sans,%d", FONT - 1)
set ytics scale 0 font names_font noenhanced
if (CONTROLS > 0) { set xtics scale 0 format "" } else { set xtics scale 0; set xlabel "round" }
unset grid
set key at screen 1.0 * (LEFT - 8) / WIDTH, screen (HEIGHT - 88.0) / HEIGHT left top horizontal maxrows 1 Left reverse samplen 0.6 width 0.5 noenhanced
size = rounds > 100 ? 0.25 : rounds > 40 ? 0.4 : 0.6
draw = "plot for [i=0:names-1] i with lines linecolor rgb '#DDDDDD' linewidth 0.7 notitle"
draw = draw . ", DATA index 'samples' using 1:2:(colour_at($3)) with points pointtype 7 pointsize size linecolor rgb variable notitle, for [i=1:words(ARG6)] keyentry with points pointtype 7 pointsize size linecolor rgb colour(word(ARG6, i)) title word(ARG6, i)"
if (outliers > 0) { draw = draw . ", DATA index 'outliers' using 1:2 with points pointtype 6 pointsize 2.2*size linecolor rgb INK linewidth 1.2 title 'outlier'" }
if (disturbed > 0) { draw = draw . ", DATA index 'disturbed' using 1:2 with points pointtype 8 pointsize 2.2*size linecolor rgb INK linewidth 1.2 title 'disturbed'" }
if (beyond > 0) { draw = draw . ", DATA index 'beyond' using 1:2 with points pointtype 2 pointsize 1.5*size linecolor rgb INK linewidth 1.2 title 'beyond the edge'" }
draw = draw . ", DATA index 'names' using (0.5):1:yticlabels(2) with points pointtype -1 notitle"
eval(draw)

if (CONTROLS > 0) {
    unset label 1
    unset label 2
    set label 3 "sync / control" at screen 0, screen (CONTROLS + 30.0) / HEIGHT offset character 2, 0 left font sprintf("DejaVu Sans,%d", FONT)
    set tmargin at screen (CONTROLS + 34.0) / HEIGHT
    set bmargin at screen 58.0 / HEIGHT
    set border 3
    set xtics scale 0 format "%g" auto
    set xlabel "round" offset 0, 0.4
    small = SMALL
    set ytics auto format "%gx" font small
    set yrange [low:high]
    set grid ytics linecolor rgb "#DDDDDD" linewidth 0.7 linetype 1
    set key at screen (WIDTH - 16.0) / WIDTH, screen (CONTROLS + 52.0) / HEIGHT right top horizontal maxrows 1 Left reverse samplen 1.5 width 0.5 noenhanced
    plot 1 with lines linecolor rgb INK linewidth 1 notitle, \
         DATA index 'controls' using 1:2:(colour_at($3)) with linespoints pointtype 7 pointsize 0.4 linecolor rgb variable notitle, \
         for [i=1:words(ARG7)] keyentry with linespoints pointtype 7 pointsize 0.4 linecolor rgb colour(word(ARG7, i)) title word(ARG7, i)
}
unset multiplot
unset output
