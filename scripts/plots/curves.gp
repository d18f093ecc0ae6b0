# What throughput.gp and connections.gp share: curves of servers on two logarithmic axes. The axes' ticks and labels are theirs.
#   numbers: bench/report/plot/serving.c
set lmargin at screen 84.0 / WIDTH
set rmargin at screen (WIDTH - 40.0) / WIDTH
set tmargin at screen (HEIGHT - 66.0) / HEIGHT
set bmargin at screen (KEY + 60.0) / HEIGHT
set logscale xy
set xrange [left:right]
set yrange [low:high]
set xtics ()
do for [e=0:6] { do for [m in steps(left, right)] { if (m * 10.0**e >= left && m * 10.0**e <= right) { set xtics add (sprintf("%.0f", m * 10.0**e) m * 10.0**e) } } }
set key at screen 84.0 / WIDTH, screen (KEY + 6.0) / HEIGHT left top vertical maxrows rows_of_key Left reverse samplen 2 spacing 1.3 noenhanced
# More servers than there are markers have them again, on another line.
draw = ""
do for [i=1:curves] {
    if (value(sprintf("points_%d", i)) > 0) {
        draw = draw . (strlen(draw) > 0 ? "," : "plot") . sprintf(" DATA index 'points_%d' using 1:2 with linespoints pointtype %s pointsize 1 linecolor rgb colour(runtime(word(SERVERS, %d))) linewidth 1.2 dashtype %d title word(SERVERS, %d)", i, word(MARKERS, (i - 1) % words(MARKERS) + 1), i, (i - 1) / words(MARKERS) + 1, i)
    }
}
eval(draw)
unset output
