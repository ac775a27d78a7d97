# A number for each series against the batch size of a worker, from large to small as in Figure 1 of Wu and He 2018.
# Intervals are bands; of more than four series bars, side by side.
# Called with: columns, output, terminal, label of the ordinate, line types of the series, which are one computation at
# every point, label of the axis, foot line, style file.
columns = ARG1
terminal_name = ARG3
y_label = ARG4
types = ARG5
same = ARG6
x_label = ARG7
foot = ARG8
series = words(types)
many = series > 4
call ARG9 ARG2 ARG3 (many ? "8" : "6.4") "4.2"

stats columns using 1 nooutput
set logscale x 2
set xrange [STATS_max*1.12:STATS_min/1.12]
set offsets 0, 0, graph 0.12, graph 0.03
set xlabel x_label
set ylabel y_label offset 1
set label 1 foot at screen 0.99,0.025 right noenhanced font ",8" textcolor rgb "#777777"
set bmargin 4.2
type(i) = word(types, i+1) + 0
marked(i) = word(same, i+1) eq "1" ? 100 : 1
if (terminal_name eq "dumb") {
    unset label 1
    set title foot
    set key tmargin center maxrows 2
    plot for [i=0:series-1] columns index i using 1:2:xtic(1) with linespoints lt type(i) title columnheader(1)
} else { if (many) {
    spread = STATS_max/STATS_min
    side(x, i) = x*spread**(0.08*(0.5 - (i+0.5)/series))
    set xrange [STATS_max*spread**0.06:STATS_min/spread**0.06]
    set offsets 0, 0, graph 0.03, graph 0.03
    stats columns using 2 nooutput
    inside = STATS_min
    set key outside right top Left reverse samplen 2.5 font ",9"
    plot columns index 0 using 1:(inside):xtic(1) with points pt 0 ps 0 lc rgb "#ffffffff" notitle, \
         for [i=0:series-1] columns index i using (side($1, i)):2:3:4 with yerrorbars lt type(i) dt 1 lw 1 pt 0 notitle, \
         for [i=0:series-1] columns index i using (side($1, i)):2 with linespoints lt type(i) \
             pointinterval marked(i) title columnheader(1)
} else {
    plot for [i=0:series-1] columns index i using 1:3:4 with filledcurves lt type(i) notitle, \
         for [i=0:series-1] columns index i using 1:2:xtic(1) with linespoints lt type(i) \
             pointinterval marked(i) title columnheader(1)
} }
