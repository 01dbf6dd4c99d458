import { createServer } from 'node:http';
import { Server } from 'socket.io';

// A chat server as the documentation of Socket.IO shows it: rooms, and a message to all others in one.
const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

io.on('connection', (socket) => {
  socket.on('join', async (room: string, done: () => void) => {
    await socket.join(room);
    done();
  });
  socket.on('m', (room: string, text: string, done: () => void) => {
    socket.to(room).emit('m', text);
    done();
  });
});

http.listen(Number(process.argv[2]), '127.0.0.1');
