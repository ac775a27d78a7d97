# Error of a derivative against the step of the differences, one panel for each mean of the data. Oracles without a step are lines
# from end to end; one with a step of its own is a single mark.
load ARG1
load style
# Given: styles and name[] of rules and then oracles, rules, panels, panel_wide, panel_step.
curves = styles
array single[curves]
do for [i=1:curves] {
    stats columns index i-1 using 1 nooutput
    single[i] = STATS_records == 1
}
set logscale xy
unset mxtics
unset mytics
set grid noxtics ytics
step(i) = single[i] ? 1 : 24
first(i) = single[i] ? 0 : 4*(i - 1 - rules)
if (form eq "dumb") {
    plot for [i=1:curves] columns index (panels-1)*curves+i-1 using 1:2 with linespoints lt i title name[i]." "
} else {
    set multiplot
    set tmargin at screen sy(top)
    set bmargin at screen sy(bottom)
    do for [p=0:panels-1] {
        set lmargin at screen sx(left + p*panel_step)
        set rmargin at screen sx(left + p*panel_step + panel_wide)
        # A line bears a few marks, each line's at places of its own.
        plot for [i=1:rules] columns index p*curves+i-1 using 1:2 with linespoints lt i pointinterval 2 notitle, \
             for [i=rules+1:curves] columns index p*curves+i-1 using 1:(single[i] ? NaN : $2) with lines lt i notitle, \
             for [i=rules+1:curves] columns index p*curves+i-1 using 1:2 every step(i)::first(i) with points lt i ps (single[i] ? 1.2 : 0.8) notitle
        unset label
        unset arrow
    }
    unset multiplot
}
