# Who ran when: each job a line from its start to its end, in lanes, the models of a runtime on one time axis.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 runtime; numbers: bench/report/plot/timeline.c
DATA = ARG1
FORMAT = ARG3
FONT = 11
WIDTH = 960
ROW = 11.0
TOP = 66
LEFT = longest * 7.6 + 30
HEIGHT = int(TOP + top * ROW + 64)
folder = ARG0[1:strlen(ARG0) - strlen("timeline.gp")]
load folder . "style.gp"
set output ARG2

set label 1 ARG4 at screen 0, screen 1 offset character 2, character -1.3 left noenhanced font sprintf("DejaVu Sans Bold,%d", FONT + 4) textcolor rgb INK
set label 2 ARG5 at screen 0, screen 1 offset character 2, character -2.9 left noenhanced font sprintf("DejaVu Sans,%d", FONT - 1) textcolor rgb FAINT
unset key
set lmargin at screen 1.0 * LEFT / WIDTH
set rmargin at screen (WIDTH - 24.0) / WIDTH
set tmargin at screen (HEIGHT - TOP + 0.0) / HEIGHT
set bmargin at screen 60.0 / HEIGHT
set border 1
set xrange [0:end * 1.02]
set yrange [-0.6:top - 0.4]
set ytics scale 0 noenhanced
set xtics format "%g"
set xlabel "milliseconds since the gate opened"
unset grid
set grid xtics linecolor rgb "#DDDDDD" linewidth 0.7 linetype 1
thick(i) = (w = value(sprintf("lane_%d", i)) * ROW * 0.62, w < 0.6 ? 0.6 : w)
draw = "plot DATA index 'bounds' using (0):1:(end * 1.02):(0) with vectors nohead linecolor rgb '#DDDDDD' linewidth 0.7"
draw = draw . ", for [i=1:models] DATA index sprintf('jobs %d', i) using 1:2:3:4 with vectors nohead linecolor rgb colour(ARG6, 1) linewidth thick(i)"
# A tick where each job starts, so that jobs that follow one another can be told apart.
draw = draw . ", for [i=1:models] DATA index sprintf('jobs %d', i) using 1:($2-0.42*value(sprintf('lane_%d', i))):(0):(0.84*value(sprintf('lane_%d', i))) with vectors nohead linecolor rgb INK linewidth 0.8"
draw = draw . ", DATA index 'names' using (0):1:yticlabels(2) with points pointtype -1"
eval(draw)
unset output
