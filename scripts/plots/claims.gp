# Published claims beside measurements: claimed hollow, scaled to the CPUs here, measured with its interval.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle; numbers: bench/report/plot/claims.c
WIDTH = 1100
ROW = 26
TOP = 112
HEIGHT = int(TOP + claims * ROW + 48)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("claims.gp")] . "style.gp"
CLAIM = "#CC79A7"; WRONG = "#D55E00"; HERE = "#0072B2"

set lmargin at screen 470.0 / WIDTH
set rmargin at screen (WIDTH - 120.0) / WIDTH
set tmargin at screen (HEIGHT - TOP + 0.0) / HEIGHT
set bmargin at screen 40.0 / HEIGHT
set border 1
set logscale x
set xrange [low:high]
set yrange [-0.7:claims - 0.3]
small = sprintf("DejaVu Sans,%d", FONT - 1)
set ytics scale 0 font small noenhanced
set xtics format "%.12gx"
unset grid
set grid xtics @GRID
set key at screen 210.0 / WIDTH, screen (HEIGHT - 62.0) / HEIGHT left top vertical maxrows 2 Left reverse samplen 1.2 width 0.5 noenhanced
set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb INK linewidth 1
draw = "plot DATA index 'claims' using (low):1:yticlabels(10) with points pointtype -1 notitle"
draw = draw . ", DATA index 'claims' using (high):1:11 with labels left noenhanced offset character 0.8, 0 font sprintf('DejaVu Sans,%d', FONT - 1) textcolor rgb INK notitle"
if (known('claims', 9)) { draw = draw . ", DATA index 'claims' using 9:1 with points pointtype 2 pointsize 1.1 linecolor rgb FAINT linewidth 1.4 title 'limit here'" }
if (known('claims', 2)) {
    draw = draw . ", DATA index 'claims' using 2:1:($3-$2):(0) with vectors nohead linecolor rgb CLAIM linewidth 4 notitle"
    draw = draw . ", DATA index 'claims' using 2:1 with points pointtype 12 pointsize 1.5 linecolor rgb CLAIM linewidth 1.6 title 'claimed'"
}
if (known('claims', 5)) { draw = draw . ", DATA index 'claims' using 5:1 with points pointtype 13 pointsize 1.5 linecolor rgb CLAIM title 'scaled to the CPUs here'" }
if (known('claims', 4)) { draw = draw . ", DATA index 'claims' using 4:1 with points pointtype 13 pointsize 1.7 linecolor rgb WRONG title 'cannot be'" }
if (known('claims', 6)) {
    draw = draw . ", DATA index 'claims' using 7:1:($8-$7):(0) with vectors heads size screen 4.0/WIDTH,90 fixed linecolor rgb HERE linewidth 1.6 notitle"
    draw = draw . ", DATA index 'claims' using 6:1 with points pointtype 7 pointsize 0.9 linecolor rgb HERE title 'measured here'"
}
eval(draw)
unset output
