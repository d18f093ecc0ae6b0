# One group's speedups: above, what the model buys (over the runtime's own sync); below, what language and model buy
# together. All numbers of the layout come from the driver (bench/report/plot/speedup.c); this file only draws.
#   ARG1 data  ARG2 output  ARG3 svg|png  ARG4 title  ARG5 subtitle  ARG6 the runtimes
DATA = ARG1
FORMAT = ARG3
slots = right - left                                 # one a bar, and the gaps
NARROW = 13                                          # pixels of a bar whose number, turned, does not touch the next
WIDTH = slots * 36 + 90 < 960 ? 960 : slots * 36 + 90 > 2400 ? 2400 : int(slots * 36 + 90)
WIDTH = slots * NARROW + 90 > WIDTH ? int(slots * NARROW + 90) : WIDTH
FONT = 11
TOP = 104     # pixels for the titles and the key
PANEL = 290   # pixels a panel, with its axis
HEIGHT = TOP + PANEL * ((word(own_known, 2) > 0) + (word(base_known, 2) > 0)) + 12
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("speedup.gp")] . "style.gp"

slot = (WIDTH - 90.0) / slots                        # pixels a bar has
crowded = slot < 30                                  # too narrow for labels side by side
slanted = spacing * slot < 7.5 * longest             # too narrow for models' names side by side
small = sprintf("DejaVu Sans,%d", crowded ? FONT - 3 : slot < 50 ? FONT - 2 : FONT - 1)

set key left top horizontal maxrows 1 Left reverse samplen 1.5 width 0.5 noenhanced

set multiplot
set lmargin at screen 70.0 / WIDTH
set rmargin at screen (WIDTH - 20.0) / WIDTH
set xrange [left:right]
set style fill solid 0.85 noborder
set boxwidth 0.86
set style textbox opaque noborder fillcolor rgb "white" margins 0.5, 0  # no line runs through a number
if (slanted) {
    set xtics scale 0 noenhanced rotate by 28 right
} else {
    set xtics scale 0 noenhanced
}

top = HEIGHT - TOP
do for [p in "own base"] {
    if (known(p, 2) == 0) { continue }
    low = value(p . "_low"); high = value(p . "_high"); ideal = value(p . "_ideal")
    set tmargin at screen (top - 34.0) / HEIGHT
    set bmargin at screen (top - PANEL + (slanted ? 74.0 : 40.0)) / HEIGHT
    unset logscale y
    if (value(p . "_log")) { set logscale y }
    set ytics auto format "%.12gx"
    set yrange [low:high]
    set label 3 (value(p . "_work") ? "Work time" : "Whole command") . (p eq "own" ? " over the runtime's own " : " over " . COMMON . ":") . BASELINE \
        at screen 70.0 / WIDTH, screen (top - 14.0) / HEIGHT left font sprintf("DejaVu Sans,%d", FONT)
    # One key for both panels, with the runtimes of both.
    if (p eq "base" && known("own", 2) > 0) { unset key } else { set key at screen 62.0 / WIDTH, screen (HEIGHT - 64.0) / HEIGHT }
    # A block that is not there would be a warning, and a warning is an error: only what there is gets drawn.
    draw = "plot DATA index p using 1:2:(colour_at($6)) with boxes linecolor rgb variable notitle"
    draw = draw . ", for [i=1:words(ARG6)] keyentry with boxes linecolor rgb colour(word(ARG6, i)) title word(ARG6, i)"
    draw = draw . ", 1 with lines linecolor rgb INK linewidth 1 notitle"
    if (ideal > 0) {
        draw = draw . ", ideal with lines linecolor rgb FAINT linewidth 1.2 dashtype 3 title sprintf('ideal %gx', ideal)"
    }
    if (known(p, 5) > 0) {
        draw = draw . ", DATA index p using ($1-0.47):5:(0.94):(0) with vectors nohead linecolor rgb INK linewidth 1.6 title 'capacity'"
    }
    if (known(p, 3) > 0) {
        draw = draw . ", DATA index p using 1:3:(0):($4-$3) with vectors heads size screen 4.0/WIDTH,90 fixed linecolor rgb INK linewidth 1.1 notitle"
    }
    if (known(p, 2) < value(p)) {
        draw = draw . ", DATA index p using 1:(valid(2) ? NaN : 1):7 with labels noenhanced left rotate by 90 font small textcolor rgb FAINT offset 0, character 0.5 notitle"
    }
    draw = draw . ", DATA index p using 1:(valid(4) ? $4 : $2):7 with labels boxed noenhanced font small textcolor rgb INK" . \
        (crowded ? " left rotate by 90 offset 0, character 0.4" : " offset 0, character 0.6") . " notitle"
    draw = draw . ", DATA index 'models' using 1:(low):xticlabels(2) with points pointtype -1 notitle"
    eval(draw)
    unset label 1
    unset label 2
    top = top - PANEL
}
unset multiplot
unset output
