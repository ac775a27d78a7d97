# Values in rows, panel under panel, with their quartiles; a bar in each row is its limit, the first series.
load ARG1
load style
# Given: styles, name[], panels, rows, left, right, top, panel_tall, panel_step.
set grid xtics noytics
unset mxtics
unset mytics
if (form eq "dumb") {
    plot for [i=1:styles] columns index (panels-1)*styles+i-1 using 1:2 with points lt i title name[i]." "
} else {
    set multiplot
    set lmargin at screen sx(left)
    set rmargin at screen sx(right)
    set tics scale 0.6,0
    do for [r=0:rows] { set arrow 100+r from graph 0, first r+0.5 to graph 1, first r+0.5 nohead back lc rgb "#e6e6e6" lw 0.5 dt 1 }
    do for [p=0:panels-1] {
        set tmargin at screen sy(top + p*panel_step)
        set bmargin at screen sy(top + p*panel_step + panel_tall)
        plot columns index p*styles using 1:2:($2-0.42):($2+0.42) with yerrorbars lt 1 dt 1 lw 2 notitle, \
             for [i=2:styles] columns index p*styles+i-1 using 1:2:3:4 with xerrorbars lt i dt 1 lw 1.2 notitle
        unset label
    }
    unset multiplot
}
