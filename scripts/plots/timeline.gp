# Who ran when: each job a line from its start to its end, in lanes, the models of a runtime on one time axis.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 runtime; numbers: bench/report/plot/timeline.c
WIDTH = 960
ROW = 11.0
TOP = 66
LEFT = longest * 7.6 + 30
HEIGHT = int(TOP + top * ROW + 64)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("timeline.gp")] . "style.gp"

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
set grid xtics @GRID
thick(i) = (w = value(sprintf("lane_%d", i)) * ROW * 0.62, w < 0.6 ? 0.6 : w)
draw = "plot DATA index 'bounds' using (0):1:(end * 1.02):(0) with vectors nohead linecolor rgb '#DDDDDD' linewidth 0.7"
draw = draw . ", for [i=1:models] DATA index sprintf('jobs %d', i) using 1:2:3:4 with vectors nohead linecolor rgb colour(ARG6, 1) linewidth thick(i)"
# A tick where each job starts, so that jobs that follow one another can be told apart.
draw = draw . ", for [i=1:models] DATA index sprintf('jobs %d', i) using 1:($2-0.42*value(sprintf('lane_%d', i))):(0):(0.84*value(sprintf('lane_%d', i))) with vectors nohead linecolor rgb INK linewidth 0.8"
draw = draw . ", DATA index 'names' using (0):1:yticlabels(2) with points pointtype -1"
eval(draw)
unset output
