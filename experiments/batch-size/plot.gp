# Error against the batch size of a worker, from large to small as in Figure 1 of Wu and He 2018.
# Called with: columns, output, terminal, number of series, their line types, which are one computation at every point,
# label of the axis, foot line, style file.
columns = ARG1
terminal_name = ARG3
series = ARG4 + 0
types = ARG5
same = ARG6
x_label = ARG7
foot = ARG8
call ARG9 ARG2 ARG3 "6.4" "4.2"

stats columns using 1 nooutput
set logscale x 2
set xrange [STATS_max*1.12:STATS_min/1.12]
set offsets 0, 0, graph 0.12, graph 0.03
set xlabel x_label
set ylabel terminal_name eq "tex" ? "validation error, \\%" : "validation error, %" offset 1
set label 1 foot at screen 0.99,0.025 right noenhanced font ",8" textcolor rgb "#777777"
set bmargin 4.2
if (terminal_name eq "dumb") {
    unset label 1
    set title foot
    set key tmargin center maxrows 2
    plot for [i=0:series-1] columns index i using 1:2:xtic(1) with linespoints lt (word(types, i+1)+0) title columnheader(1)
} else {
    plot for [i=0:series-1] columns index i using 1:3:4 with filledcurves lt (word(types, i+1)+0) notitle, \
         for [i=0:series-1] columns index i using 1:2:xtic(1) with linespoints lt (word(types, i+1)+0) \
             pointinterval (word(same, i+1) eq "1" ? 100 : 1) title columnheader(1)
}
