# All variants of a group sorted by their speedup, with 95% intervals; the colour is the runtime.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 what is compared
#   numbers: bench/report/plot/ranking.c, picture.c
WIDTH = 960
ROW = 19
LEFT = longest * 7.4 + 24
HEIGHT = int(86 + rows * ROW + 36)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5 . "; " . ARG6 . ", with 95% intervals"; UNIT = "%gx"
load ARG0[1:strlen(ARG0) - strlen("ranking.gp")] . "style.gp"
load ARG0[1:strlen(ARG0) - strlen("ranking.gp")] . "rows.gp"

set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb INK linewidth 1
plot DATA index 'rows' using (low):1:yticlabels(6) with points pointtype -1 notitle, \
     DATA index 'rows' using 3:1:4:5:(colour_at($2)) with xerrorbars pointtype 7 pointsize 0.9 linewidth 1.6 linecolor rgb variable notitle, \
     DATA index 'rows' using (high):1:7 with labels left noenhanced offset character 0.8, 0 font SMALL textcolor rgb INK notitle
unset output
