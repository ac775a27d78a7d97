# A number for each series over the points of a study, from left to right as the file has them. Intervals are bands; of more than
# three series, or of two in one colour, bars, side by side.
load ARG1
load style
# Given: series, name[], once[] (one computation at every point), bars, aside (how far bars stand apart), note.
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
    set tmargin at screen sy(top)
    set bmargin at screen sy(bottom)
    set label note at screen sx((left+right)/2),sy((top+bottom)/2) center font size8 textcolor rgb "#666666"
    if (bars) {
        plot for [i=1:series] columns index i-1 using (side($1, i)):2:3:4 with yerrorbars lt i dt 1 lw 1 pt 0 notitle, \
             for [i=1:series] columns index i-1 using (side($1, i)):2 with linespoints lt i pointinterval marked(i) notitle
    } else {
        plot for [i=1:series] columns index i-1 using 1:3:4 with filledcurves lt i notitle, \
             for [i=1:series] columns index i-1 using 1:2 with linespoints lt i pointinterval marked(i) notitle
    }
}
