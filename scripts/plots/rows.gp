# What pictures of one row per variant share: the frame, names at the left, numbers at the right, a logarithmic axis.
set lmargin at screen 1.0 * LEFT / WIDTH
set rmargin at screen (WIDTH - 190.0) / WIDTH
set tmargin at screen (40.0 + rows * ROW) / HEIGHT
set bmargin at screen 36.0 / HEIGHT
set border 1
unset key
set logscale x
set xrange [low:high]
set yrange [-0.6:rows - 0.4]
names_font = sprintf("DejaVu Sans,%d", FONT - 1)
set ytics scale 0 font names_font noenhanced
set xtics ()
do for [e=-4:7] { do for [m in steps(low, high)] { if (m * 10.0**e >= low && m * 10.0**e <= high) { set xtics add (sprintf(UNIT, m * 10.0**e) m * 10.0**e) } } }
unset grid
set grid xtics @GRID
