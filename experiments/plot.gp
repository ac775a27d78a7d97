# A number for each series over the points of a study, from left to right as the file has them. Intervals are bands; of more than
# three series, or of two in one colour, bars, side by side.
load ARG1
load style
# Given: series, name[], once[] (one computation at every point), bars, aside (how far bars stand apart), note; upper_bottom; below: there
# is a panel of differences from the first series (below_top, below_bottom); y_... of the upper axis and z_... of its own: low, high, tick[],
# zero, cut and cut_to (NaN: the axis is not broken).
set grid noxtics ytics
marked(i) = once[i] ? 1000 : 1
side(x, i) = x + aside*(i - (series+1)/2.)
if (form eq "dumb") {
    set lmargin left
    set rmargin width-right
    plot for [i=1:series] columns index i-1 using 1:2 with linespoints lt i title name[i]." "
} else {
    set lmargin at screen sx(left)
    set rmargin at screen sx(right)
    if (below) { set multiplot }
    do for [panel=0:below] {
        set tmargin at screen sy(panel ? below_top : top)
        set bmargin at screen sy(panel ? below_bottom : upper_bottom)
        cut = panel ? z_cut : y_cut
        cut_to = panel ? z_cut_to : y_cut_to
        if (panel) {
            set yrange [z_low:z_high]
            set ytics nomirror ("" z_tick[1])
            do for [i=2:|z_tick|] { set ytics add ("" z_tick[i]) }
            set arrow 99 from graph 0, first z_zero to graph 1, first z_zero nohead back lt 1 lw 1
        } else {
            set label note at screen sx((left+right)/2),sy((top+bottom)/2) center font size8 textcolor rgb "#666666"
        }
        # The axis is broken: nothing is drawn between its parts, whose ends are marked.
        unset object 1
        unset arrow 91
        unset arrow 92
        if (cut == cut) {
            set object 1 rectangle from graph -0.02, first cut to graph 1.02, first cut_to front fc rgb "white" fs solid noborder
            set arrow 91 from graph -0.012, first cut-0.012 to graph 0.012, first cut+0.012 nohead front lw 0.7 lc rgb "#000000"
            set arrow 92 from graph -0.012, first cut_to-0.012 to graph 0.012, first cut_to+0.012 nohead front lw 0.7 lc rgb "#000000"
        }
        if (bars) {
            plot for [i=1:series] columns index panel*series+i-1 using (side($1, i)):2:3:4 with yerrorbars lt i dt 1 lw 1 pt 0 notitle, \
                 for [i=1:series] columns index panel*series+i-1 using (side($1, i)):2 with linespoints lt i pointinterval marked(i) notitle
        } else {
            plot for [i=1:series] columns index panel*series+i-1 using 1:3:4 with filledcurves lt i notitle, \
                 for [i=1:series] columns index panel*series+i-1 using 1:2 with linespoints lt i pointinterval marked(i) notitle
        }
        unset label
    }
    if (below) { unset multiplot }
}
