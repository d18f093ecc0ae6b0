# Where the time of each variant goes: start, ready, work, end as one bar, as shares of the whole.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle; numbers: bench/report/plot/phases.c, picture.c
WIDTH = 960
ROW = 21
LEFT = longest * 7.4 + 24
HEIGHT = int(106 + rows * ROW + 36)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5; UNIT = "%g%%"
load ARG0[1:strlen(ARG0) - strlen("phases.gp")] . "style.gp"
load ARG0[1:strlen(ARG0) - strlen("phases.gp")] . "rows.gp"

unset logscale x
set rmargin at screen (WIDTH - 90.0) / WIDTH
set xrange [0:100]
set xtics 0, 20, 100 format UNIT
set key at screen 1.0 * LEFT / WIDTH, screen (HEIGHT - 62.0) / HEIGHT left top horizontal maxrows 1 Left reverse samplen 1.5 width 0.5 noenhanced
set style fill solid 1 noborder
START = "#4D4D4D"; READY = "#A6A6A6"; END = "#D0D0D0"
plot DATA index 'rows' using (0):1:(0):3:($1-0.36):($1+0.36) with boxxyerror linecolor rgb START title "start (to main)", \
     DATA index 'rows' using 3:1:3:4:($1-0.36):($1+0.36) with boxxyerror linecolor rgb READY title "ready (to the gate)", \
     DATA index 'rows' using 4:1:4:5:($1-0.36):($1+0.36):(colour_at($2)) with boxxyerror linecolor rgb variable notitle, \
     keyentry with boxes linecolor rgb colour("c") title "work (its runtime's colour)", \
     DATA index 'rows' using 5:1:5:6:($1-0.36):($1+0.36) with boxxyerror linecolor rgb END title "end", \
     DATA index 'rows' using (100):1:8 with labels noenhanced left offset character 0.8, 0 font SMALL textcolor rgb INK notitle, \
     DATA index 'rows' using (0):1:yticlabels(7) with points pointtype -1 notitle
unset output
