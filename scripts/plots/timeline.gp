# Who ran when: each job a bar from its start to its end, in lanes, the models of a runtime on one time axis; solid is what
# a job takes under sync, pale what it takes longer.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 runtime; numbers: bench/report/plot/timeline.c
WIDTH = 960
ROW = top < 12 ? 22.0 : 11.0
TOP = 66
LEFT = longest * 7.6 + 30
HEIGHT = int(TOP + top * ROW + 64)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("timeline.gp")] . "style.gp"

unset key
set lmargin at screen 1.0 * LEFT / WIDTH
set rmargin at screen (WIDTH - 120.0) / WIDTH
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
pale(c) = ((c & 0xFEFEFE) >> 1 & 0xFEFEFE) / 2 + 0xBFBFBF
draw = "plot DATA index 'bounds' using (0):1:(end * 1.02):(0) with vectors nohead linecolor rgb '#DDDDDD' linewidth 0.7"
do for [i=1:models] {
    draw = draw . sprintf(", DATA index 'jobs_%d' using 1:2:3:(0) with vectors nohead linecolor rgb colour(ARG6) linewidth thick(%d)", i, i)
    if (known(sprintf("jobs_%d", i), 4) > 0) { draw = draw . sprintf(", DATA index 'jobs_%d' using ($1+$3):2:4:(0) with vectors nohead linecolor rgb pale(colour(ARG6)) linewidth thick(%d)", i, i) }
    # A tick where each job starts, so that jobs that follow one another can be told apart.
    draw = draw . sprintf(", DATA index 'jobs_%d' using 1:($2-0.42*lane_%d):(0):(0.84*lane_%d) with vectors nohead linecolor rgb INK linewidth 0.8", i, i, i)
}
draw = draw . ", DATA index 'names' using (0):1:yticlabels(2) with points pointtype -1"
draw = draw . ", DATA index 'names' using (end * 1.02):1:3 with labels left noenhanced offset character 0.8, 0 font SMALL textcolor rgb INK"
eval(draw)
unset output
