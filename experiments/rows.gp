# The same where series are many: a panel for each point, in it a row for each series, whose name stands beside it. The thin line
# is the first series.
load ARG1
load style
# Given: series, row[] (heights), panels, panel_wide, panel_step, guide[] (NaN: none), note.
set yrange [0:bottom-top]
unset ytics
set grid xtics noytics
set border 1
set tmargin at screen sy(top)
set bmargin at screen sy(bottom)
set multiplot
set label note at screen sx((left+right)/2),sy((top+bottom)/2) center font size8 textcolor rgb "#666666"
do for [p=1:panels] {
    set lmargin at screen sx(left + (p-1)*panel_step)
    set rmargin at screen sx(left + (p-1)*panel_step + panel_wide)
    do for [i=1:series] { set arrow 100+i from graph 0, first row[i] to graph 1, first row[i] nohead back lc rgb "#e6e6e6" lw 0.5 dt 1 }
    if (guide[p] == guide[p]) { set arrow 99 from guide[p], graph 0 to guide[p], graph 1 nohead back lt 1 lw 0.7 } else { unset arrow 99 }
    plot for [i=1:series] columns index (p-1)*series+i-1 using 2:1:3:4 with xerrorbars lt i lw 1.2 notitle
    unset label
}
unset multiplot
