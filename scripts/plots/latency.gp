# How long jobs took: p50, p90, p99 and the maximum of every variant, a row each; the colour is the runtime.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle; numbers: bench/report/plot/latency.c, picture.c
WIDTH = 960
ROW = 19
LEFT = longest * 7.4 + 24
HEIGHT = int(106 + rows * ROW + 36)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5; UNIT = "%g ms"
load ARG0[1:strlen(ARG0) - strlen("latency.gp")] . "style.gp"
load ARG0[1:strlen(ARG0) - strlen("latency.gp")] . "rows.gp"

set key at screen 1.0 * LEFT / WIDTH, screen (HEIGHT - 62.0) / HEIGHT left top horizontal maxrows 1 Left reverse samplen 0.8 width 0.5 noenhanced
draw = "plot DATA index 'rows' using (low):1:yticlabels(7) with points pointtype -1 notitle"
draw = draw . ", DATA index 'rows' using 3:1:($6-$3):(0):(colour_at($2)) with vectors nohead linewidth 1.4 linecolor rgb variable notitle"
draw = draw . ", DATA index 'rows' using 3:1:(colour_at($2)) with points pointtype 7 pointsize 1 linecolor rgb variable notitle, keyentry with points pointtype 7 linecolor rgb INK title 'p50'"
if (p90) { draw = draw . ", DATA index 'rows' using 4:1:(colour_at($2)) with points pointtype 6 pointsize 0.9 linecolor rgb variable notitle, keyentry with points pointtype 6 linecolor rgb INK title 'p90'" }
if (p99) { draw = draw . ", DATA index 'rows' using 5:1:(colour_at($2)) with points pointtype 8 pointsize 1 linecolor rgb variable notitle, keyentry with points pointtype 8 linecolor rgb INK title 'p99'" }
draw = draw . ", DATA index 'rows' using 6:1:(colour_at($2)) with points pointtype 2 pointsize 0.8 linecolor rgb variable notitle, keyentry with points pointtype 2 linecolor rgb INK title 'maximum'"
draw = draw . ", DATA index 'rows' using (high):1:8 with labels left noenhanced offset character 0.8, 0 font SMALL textcolor rgb INK notitle"
eval(draw)
unset output
