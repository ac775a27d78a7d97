# Learned weights over epochs: a row of panels for each weight, a column for each point of the table, a line for each
# layer of the network, from the first (dark) to the last. Rows without columns are laid out in a grid.
# Called with: columns, output, terminal, series of the rows, their titles, titles of the columns, names of the layers, foot
# line, style file. Titles and names are quoted words.
columns = ARG1
terminal_name = ARG3
series_names = ARG4
row_titles = ARG5
column_titles = ARG6
layer_names = ARG7
foot = ARG8
weights = words(row_titles)
points = words(column_titles)
layers = words(layer_names)
across = points > 1 ? points : weights < 3 ? weights : 3
down = points > 1 ? weights : (weights + across - 1)/across
height = 0.72 + 1.25*down
call ARG9 ARG2 ARG3 "8" sprintf("%g", height)

stats columns using 1 nooutput
epochs = STATS_max
set palette defined (0 "#332288", 0.35 "#4477AA", 0.6 "#44AA99", 0.8 "#CCBB44", 1 "#EE6677")
unset colorbox
shade(l) = layers > 1 ? l/(layers - 1.0) : 0
set cbrange [0:1]
set xrange [0:epochs]
set yrange [0:1]
set ytics 0.5 font ",9"
set xtics font ",9" offset 0,0.4
set grid ytics
unset key
if (terminal_name eq "dumb") {
    set title word(series_names, 1).": ".word(row_titles, 1)
    set xlabel "epoch"
    set label 1 foot at screen 0.02,0.02
    plot for [l=0:layers-1] columns index l using 1:2 with linespoints notitle
} else {
    left(c) = (0.55 + c*5.75/across)/8.0
    wide = (5.75/across - 0.3)/8.0
    top(r) = 1 - (0.45 + r*1.25)/height
    tall = 0.82/height
    set multiplot
    set label 1 foot at screen 0.99,0.14/height right noenhanced font ",8" textcolor rgb "#777777"
    do for [p=0:weights*points-1] {
        r = p/across
        c = p%across
        set lmargin at screen left(c)
        set rmargin at screen left(c) + wide
        set tmargin at screen top(r)
        set bmargin at screen top(r) - tall
        if (points > 1) {
            if (c == 0) { set label 2 word(series_names, r+1).": ".word(row_titles, r+1) at graph 0,1.12 left noenhanced font ",9" } else { unset label 2 }
            if (r == 0) { set label 3 word(column_titles, c+1) at graph 1,1.32 right noenhanced font ",9" } else { unset label 3 }
        } else {
            set label 2 word(series_names, p+1) at graph 0,1.26 left noenhanced font ",8"
            set label 3 word(row_titles, p+1) at graph 0,1.1 left noenhanced font ",8" textcolor rgb "#555555"
        }
        set format x (p + across >= weights*points ? "%g" : "")
        set format y (c == 0 ? "%g" : "")
        plot for [l=0:layers-1] columns index (p*layers+l) using 1:2:(shade(l)) with lines dt 1 lw 1.6 lc palette
        unset label 1
    }
    unset label
    unset border
    unset tics
    unset grid
    set lmargin at screen left(across) - 0.1/8.0
    set rmargin at screen 0.995
    set tmargin at screen top(0)
    set bmargin at screen top(0) - (down > 1 ? 2 : 1)*0.82/height
    set xrange [0:1]
    set yrange [(layers < 10 ? 9 : layers)+0.5:-0.5]
    set label 4 "epoch" at screen left(0)+(left(across)-left(0))/2,0.35/height center font ",10"
    do for [l=0:layers-1] { set label 10+l word(layer_names, l+1) at 0.1,l left noenhanced font ",8" }
    plot for [l=0:layers-1] "+" using ($0 == 0 ? 0 : 0.08):(l):(shade(l)) every ::0::1 with lines dt 1 lw 2.5 lc palette
    unset multiplot
}
