# Error of a variance against the mean, both in units that make them pure numbers; worst of several samples.
load ARG1
load style
# Given: styles, name[], nothing_right.
set logscale xy
unset mxtics
unset mytics
set grid noxtics ytics
if (form eq "dumb") {
    plot for [i=1:styles] columns index i-1 using 1:2 with linespoints lt i title name[i]." "
} else {
    set lmargin at screen sx(left)
    set rmargin at screen sx(right)
    set tmargin at screen sy(top)
    set bmargin at screen sy(bottom)
    set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb "#999999" dt 3
    set label nothing_right at graph 0.01, first 1 left offset 0,0.6 textcolor rgb "#666666" font size8
    plot for [i=1:styles] columns index i-1 using 1:2 with linespoints lt i notitle
}
