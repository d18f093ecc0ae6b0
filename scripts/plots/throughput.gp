# What each server answers a second against the p99 of its latency, a point for each rate.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 servers
#   numbers: bench/report/plot/serving.c
WIDTH = 960
rows_of_key = (curves + 2) / 3
KEY = 22 * rows_of_key
HEIGHT = 440 + KEY
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4 . ": p99 of the latency, from when a request was due"; SUBTITLE = ARG5; SERVERS = ARG6
HERE = ARG0[1:strlen(ARG0) - strlen("throughput.gp")]
load HERE . "style.gp"
set ytics ()
do for [e=-6:2] { do for [m in steps(low, high)] { if (m * 10.0**e >= low && m * 10.0**e <= high) { set ytics add (gprintf("%.0s %cs", m * 10.0**e) m * 10.0**e) } } }
set xlabel "answers a second"
load HERE . "curves.gp"
