# One group's square: a tile for each runtime and model, the ratio written in it, coloured by how far it is from 1.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle; numbers: bench/report/plot/square.c
TILE = longest * 9.4 + 12 < 84 ? 84.0 : longest * 9.4 + 12   # pixels, of which a name's letter takes at most 9.4
ROW = 40
if (!exists("LEFT")) { LEFT = 78 }
panels = (word(own_known, 3) > 0) + (word(base_known, 3) > 0)
WIDTH = LEFT + TILE * models + 24 < 620 ? 620 : int(LEFT + TILE * models + 24)
TOP = 58
PANEL = ROW * runtimes + 66
HEIGHT = TOP + panels * PANEL + 8
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4; SUBTITLE = ARG5
load ARG0[1:strlen(ARG0) - strlen("square.gp")] . "style.gp"

set multiplot
unset key
unset colorbox
unset grid
set border 0
set xtics scale 0 noenhanced
set ytics scale 0 noenhanced
set xrange [-0.5:models - 0.5]
set yrange [-0.5:runtimes - 0.5]
# Slower is orange, faster is blue, 1 is white: safe for colour-blind readers, and no red and green.
set palette defined (-1 "#D55E00", -0.5 "#EBA46F", 0 "#FFFFFF", 0.5 "#7FB8D8", 1 "#0072B2")
set lmargin at screen 1.0 * LEFT / WIDTH
set rmargin at screen 1.0 * (LEFT + TILE * models) / WIDTH

top = HEIGHT - TOP
do for [p in "own base"] {
    if (known(p, 3) == 0) { continue }
    reach = value(p . "_reach")
    set cbrange [-reach:reach]
    set tmargin at screen (top - 30.0) / HEIGHT
    set bmargin at screen (top - 30.0 - ROW * runtimes) / HEIGHT
    set label 3 (value(p . "_work") ? "Work time" : "Whole command") . (p eq "own" ? " over the runtime's own " . BASELINE . ": what the model buys" : " over " . COMMON . ":" . BASELINE . ": language and model together") \
        at screen 1.0 * LEFT / WIDTH, screen (top - 16.0) / HEIGHT left font sprintf("DejaVu Sans,%d", FONT)
    dark(v) = abs(v) > 0.62 * reach
    draw = "plot DATA index p using 1:(valid(3) ? $2 : NaN):(0.48):(0.46):3 with boxxyerror fillstyle solid 1 border linecolor rgb '#DDDDDD' fillcolor palette"
    draw = draw . ", DATA index p using 1:(valid(3) ? $2 : NaN):(dark($3) ? '' : strcol(4)) with labels noenhanced textcolor rgb INK"
    draw = draw . ", DATA index p using 1:(valid(3) ? $2 : NaN):(dark($3) ? strcol(4) : '') with labels noenhanced textcolor rgb 'white'"
    if (known(p, 3) < value(p)) {
        draw = draw . ", DATA index p using 1:(valid(3) ? NaN : $2):4 with labels noenhanced font sprintf('DejaVu Sans,%d', FONT - 3) textcolor rgb FAINT"
    }
    draw = draw . ", DATA index 'models' using 1:(-0.5):xticlabels(2) with points pointtype -1"
    draw = draw . ", DATA index 'runtimes' using (-0.5):1:yticlabels(2) with points pointtype -1"
    eval(draw)
    unset label 1
    unset label 2
    top = top - PANEL
}
unset multiplot
unset output
