# What each CPython changes: a panel for each task, the bars of an interpreter together, the colour is the model.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 the models  ARG7 the panels' titles; numbers:
#   bench/report/plot/pythons.c
slots = right + 1
WIDTH = slots * 34 + 90 < 960 ? 960 : slots * 34 + 90 > 2400 ? 2400 : int(slots * 34 + 90)
TOP = 100     # pixels for the titles and the key
PANEL = 260   # pixels a panel, with its axis
HEIGHT = TOP + PANEL * panels + 12
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("pythons.gp")] . "style.gp"

COLOURS = "0x999999 0x56B4E9 0x0072B2 0xE69F00 0xD55E00 0x009E73 0xCC79A7 0x000000 0xF0E442"
colour_of(place) = int(word(COLOURS, int(place) % words(COLOURS) + 1))
crowded = (WIDTH - 90.0) / slots < 30
small = sprintf("DejaVu Sans,%d", crowded ? FONT - 3 : FONT - 2)

set key at screen 62.0 / WIDTH, screen (HEIGHT - 62.0) / HEIGHT left top horizontal maxrows 1 Left reverse samplen 1.5 width 0.5 noenhanced
set multiplot
set lmargin at screen 70.0 / WIDTH
set rmargin at screen (WIDTH - 20.0) / WIDTH
set xrange [-0.9:right + 0.4]
set style fill solid 0.9 noborder
set boxwidth 0.86
set style textbox opaque noborder fillcolor rgb "white" margins 0.5, 0
set xtics scale 0 noenhanced
top = HEIGHT - TOP
do for [i=0:panels-1] {
    p = sprintf("panel%d", i); bars = sprintf("bars%d", i)
    set tmargin at screen (top - 34.0) / HEIGHT
    set bmargin at screen (top - PANEL + 36.0) / HEIGHT
    unset logscale y
    if (value(p . "_log")) { set logscale y }
    set ytics auto format "%.12gx"
    low = value(p . "_low")
    set yrange [low:value(p . "_high")]
    set label 3 text_at(ARG7, i + 1) at screen 70.0 / WIDTH, screen (top - 14.0) / HEIGHT left noenhanced font sprintf("DejaVu Sans,%d", FONT)
    draw = "plot DATA index bars using 1:2:(colour_of($5)) with boxes linecolor rgb variable notitle"
    draw = draw . ", for [k=1:words(ARG6)] keyentry with boxes linecolor rgb colour_of(k - 1) title word(ARG6, k)"
    draw = draw . ", 1 with lines linecolor rgb INK linewidth 1 notitle"
    if (known(bars, 3) > 0) {
        draw = draw . ", DATA index bars using 1:3:(0):($4-$3) with vectors heads size screen 4.0/WIDTH,90 fixed linecolor rgb INK linewidth 1.1 notitle"
    }
    if (known(bars, 2) < value(bars)) {
        draw = draw . ", DATA index bars using 1:(valid(2) ? NaN : low > 0 ? low : 0):6 with labels noenhanced left rotate by 90 font small textcolor rgb FAINT offset 0, character 0.5 notitle"
    }
    draw = draw . ", DATA index bars using 1:(valid(4) ? $4 : $2):6 with labels boxed noenhanced font small textcolor rgb INK" . \
        (crowded ? " left rotate by 90 offset 0, character 0.4" : " offset 0, character 0.6") . " notitle"
    draw = draw . ", DATA index sprintf('names%d', i) using 1:(low):xticlabels(2) with points pointtype -1 notitle"
    eval(draw)
    unset key
    unset label 1
    unset label 2
    top = top - PANEL
}
unset multiplot
unset output
