# Memory of each server against the idle connections that it holds.
#   ARG1 data  ARG2 output  ARG3 format  ARG4 title  ARG5 subtitle  ARG6 servers
#   numbers: bench/report/plot/serving.c
WIDTH = 960
rows_of_key = (curves + 2) / 3
KEY = 22 * rows_of_key
HEIGHT = 440 + KEY
DATA = ARG1; OUTPUT = ARG2; FORMAT = ARG3; TITLE = ARG4 . ": memory over idle connections"; SUBTITLE = ARG5; SERVERS = ARG6
HERE = ARG0[1:strlen(ARG0) - strlen("connections.gp")]
load HERE . "style.gp"
set ytics ()
do for [e=-1:5] { do for [m in steps(low, high)] { if (m * 10.0**e >= low && m * 10.0**e <= high) { set ytics add (sprintf("%g MB", m * 10.0**e) m * 10.0**e) } } }
set xlabel "idle connections (none: at 1)"
load HERE . "curves.gp"
