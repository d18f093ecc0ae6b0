# Where the time of each variant goes: start, ready, work, end as one bar, as shares of the whole: a panel for each runtime, all on one axis.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 runtimes; numbers: bench/report/plot/phases.c
WIDTH = 960
ROW = 22
TOP = 106
LEFT = longest * 7.6 + 30
rows = sum [i=1:runtimes] value(sprintf("rows_%d", i))
HEIGHT = int(TOP + rows * ROW + runtimes * 40 + 24)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("phases.gp")] . "style.gp"

set multiplot
set lmargin at screen 1.0 * LEFT / WIDTH
set rmargin at screen (WIDTH - 46.0) / WIDTH   # room for half of the last tick's number
set border 1
set ytics scale 0 noenhanced
unset grid
set grid xtics @GRID
set key at screen 1.0 * LEFT / WIDTH, screen (HEIGHT - 60.0) / HEIGHT left top horizontal maxrows 1 Left reverse samplen 1.5 width 0.5 noenhanced
set style fill solid 1 noborder
START = "#4D4D4D"; READY = "#A6A6A6"; END = "#D0D0D0"

top = HEIGHT - TOP
do for [i=1:runtimes] {
    name = word(ARG6, i)
    rows = value(sprintf("rows_%d", i))
    set tmargin at screen (top - 22.0) / HEIGHT
    set bmargin at screen (top - 22.0 - rows * ROW) / HEIGHT
    set xrange [0:109]
    set yrange [-0.6:rows - 0.4]
    set xtics 0, 20, 100 format (i == runtimes ? "%g%%" : "")
    set ytics ()
    set label 3 name at screen 0, screen (top - 12.0) / HEIGHT offset character 2, 0 left noenhanced font sprintf("DejaVu Sans Bold,%d", FONT) textcolor rgb INK
    if (i > 1) { unset key }
    plot DATA index 'bars '.name using 2:1:2:3:($1-0.36):($1+0.36) with boxxyerror linecolor rgb START title "start (to main)", \
         DATA index 'bars '.name using 3:1:3:4:($1-0.36):($1+0.36) with boxxyerror linecolor rgb READY title "ready (to the gate)", \
         DATA index 'bars '.name using 4:1:4:5:($1-0.36):($1+0.36) with boxxyerror linecolor rgb colour(name, i) title "work", \
         DATA index 'bars '.name using 5:1:5:6:($1-0.36):($1+0.36) with boxxyerror linecolor rgb END title "end", \
         DATA index 'bars '.name using 6:1:7 with labels noenhanced left offset character 0.5, 0 font SMALL textcolor rgb INK notitle, \
         DATA index 'names '.name using (0):1:yticlabels(2) with points pointtype -1 notitle
    unset label 1
    unset label 2
    top = top - rows * ROW - 40
}
unset multiplot
unset output
