# Error of a variance against the mean, both in units that make them pure numbers; worst of several samples.
# Called with: columns, output, terminal, number of algorithms, foot line, style file.
columns = ARG1
terminal_name = ARG3
algorithms = ARG4 + 0
foot = ARG5
call ARG6 ARG2 ARG3 "6.4" "4.2"

set logscale xy
set format xy "1e%T"
set xrange [1:1e10]
set yrange [1e-17:1e6]
set ytics 1e-16,100
set xtics 1,100
unset mxtics
unset mytics
set xlabel terminal_name eq "tex" ? "$|$mean$|$ / std" : "|mean| / std"
set ylabel "relative error of the variance" offset 1
set label 1 foot at screen 0.99,0.025 right noenhanced font ",8" textcolor rgb "#777777"
set bmargin 4.6
# A dash of its own for each: the curves of the two passes lie upon each other up to 1e7.
set linetype 6 dt 2
set linetype 4 dt 3
types = "5 3 6 2 4 7"
type(i) = word(types, i+1) + 0
if (terminal_name eq "dumb") {
    unset label 1
    set title foot
    set key tmargin center maxrows 2
    plot for [i=0:algorithms-1] columns index i using 1:2 with linespoints lt type(i) title columnheader(1)
} else {
    set arrow 1 from 1e4,1 to 1e10,1 nohead lc rgb "#999999" dt 3
    set label 2 "no digit right" at 1e10,1 right offset -0.5,-0.6 textcolor rgb "#777777" font ",9"
    plot for [i=0:algorithms-1] columns index i using 1:2 with linespoints lt type(i) title columnheader(1)
}
