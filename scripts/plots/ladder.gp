# What handing over a job costs (filled) and the length of job from which it reaches 90% of the capacity (open), a row per
# variant; the colour is the runtime.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 what the columns are
#   numbers: bench/report/plot/ladder.c
WIDTH = 960
ROW = 19
KEY = 20 * (columns + 1)
LEFT = longest * 7.4 + 24
HEIGHT = int(66 + rows * ROW + 36 + KEY)
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5; UNIT = "%g"
load ARG0[1:strlen(ARG0) - strlen("ladder.gp")] . "style.gp"
load ARG0[1:strlen(ARG0) - strlen("ladder.gp")] . "rows.gp"
set rmargin at screen (WIDTH - 24.0) / WIDTH
set tmargin at screen (HEIGHT - 60.0) / HEIGHT
set bmargin at screen (KEY + 36.0) / HEIGHT
set xtics ()
do for [e=-9:4] { if (10.0**e >= low && 10.0**e <= high) { set xtics add (gprintf("%.0s %cs", 10.0**e) 10.0**e) } }
set key at screen LEFT / WIDTH, screen (KEY + 4.0) / HEIGHT left top vertical maxrows (columns + 1) Left reverse samplen 1 noenhanced

MARKS = "7 5 9 11 13"   # of the columns, and then round again
draw = "plot DATA index 'rows' using 2:1:yticlabels(3) with points pointtype -1 notitle"
do for [k=1:columns] {
    if (value(sprintf("costs_%d", k)) > 0) {
        m = int(word(MARKS, (k - 1) % words(MARKS) + 1))
        draw = draw . sprintf(", DATA index 'costs_%d' using 3:1:4:5:(colour_at($2)) with xerrorbars pointtype %d pointsize 0.9 linewidth 1.4 linecolor rgb variable notitle, keyentry with points pointtype %d linecolor rgb INK title text_at(ARG6, %d)", k, m, m, k)
    }
}
if (lengths > 0) {
    draw = draw . ", DATA index 'lengths' using 3:1:4:5:(colour_at($2)) with xerrorbars pointtype 12 pointsize 1.1 linewidth 1.4 linecolor rgb variable notitle, keyentry with points pointtype 12 linecolor rgb INK title 'length of job from which it reaches 90% of what is possible'"
}
eval(draw)
unset output
